"""What a plugin's own pyproject.toml tells the kit: which plugins it holds, and which rules cannot hold for them."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from frontage.base.errors import FrontageError
from frontage.host.discovery import GROUP

FILE = "pyproject.toml"


class NoProjectError(FrontageError):
    """There is no plugin at a path; the text says what was looked for."""


@dataclass(frozen=True, slots=True)
class Project:
    """The folder of a plugin as its author keeps it."""

    folder: Path
    slugs: tuple[str, ...] = ()
    exempt: Mapping[str, Any] = field(default_factory=dict)
    """`[tool.frontage.contract.exempt]`: rules that cannot hold here, each with the reason."""
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """`[tool.frontage.contract.values.<table>]`: values by column, where a row cannot be made up."""


def read_project(folder: Path) -> Project:
    """Read the project in a folder, or say why it is none."""
    path = folder / FILE
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise NoProjectError(f"{folder} has no {FILE}. Name the folder of a plugin.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise NoProjectError(f"{path} cannot be read: {error}") from None
    slugs = _table(told, "project", "entry-points", GROUP)
    if not slugs:
        fix = f'Add [project.entry-points."{GROUP}"], as frontage plugins new writes it.'
        raise NoProjectError(f"{path} declares no plugin. {fix}")
    contract = _table(told, "tool", "frontage", "contract")
    return Project(folder, tuple(slugs), _table(contract, "exempt"), _table(contract, "values"))


def find_project(slug: str, start: Path) -> Project:
    """The project around a file that holds the plugin with this slug; one that says nothing where there is none."""
    for folder in start.parents:
        try:
            project = read_project(folder)
        except NoProjectError:
            continue
        if slug in project.slugs:
            return project
    return Project(start.parent)


def _table(told: Mapping[str, Any], *names: str) -> dict[str, Any]:
    found: Any = told
    for name in names:
        found = found.get(name, {}) if isinstance(found, Mapping) else {}
    return dict(found) if isinstance(found, Mapping) else {}
