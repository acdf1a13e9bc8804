"""The folder of tenant files: `<slug>.toml` describes a tenant. Every mistake of every file is found in one reading."""

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from frontage.base.errors import ConfigurationError, Mistake
from frontage.host.tenant_document import Installed, TenantDocument
from frontage.plugin.declaration import Plugin
from frontage.tenants.definition import TenantDefinition
from frontage.tenants.plan import conflicts, free_numbers
from frontage.tenants.tenant import RESERVED_SLUGS, is_slug

DEEPEST = 16
_LINE = re.compile(r"at line (\d+)")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a folder says: its tenants, as well as they could be read, and everything that is wrong with its files."""

    definitions: list[TenantDefinition]
    mistakes: list[Mistake]


def read_tenant_files(
    directory: Path, plugins: Mapping[str, Plugin], *, unreadable: Collection[str] = ()
) -> list[TenantDefinition]:
    """The tenants of a folder, or one ConfigurationError with every mistake of every file."""
    reading = read_directory(directory, plugins, unreadable=unreadable)
    mistakes = [*reading.mistakes, *conflicts([], reading.definitions, directory)]
    if mistakes:
        raise ConfigurationError(mistakes)
    return reading.definitions


def read_directory(
    directory: Path,
    plugins: Mapping[str, Plugin],
    *,
    unreadable: Collection[str] = (),
    existing: Collection[TenantDefinition] = (),
) -> Reading:
    """Read every file; `existing` tenants are known only so that a fix can name a number that is free."""
    documents: dict[Path, dict[str, Any]] = {}
    mistakes: list[Mistake] = []
    for path in _tenant_paths(directory):
        parsed = _parse(path)
        if isinstance(parsed, Mistake):
            mistakes.append(parsed)
        else:
            documents[path] = parsed
    own_numbers = {tenant.slug: tenant.number for tenant in existing}
    written = (content.get("number") for content in documents.values())
    free = free_numbers({number for number in chain(own_numbers.values(), written) if type(number) is int})
    installed = Installed(plugins, unreadable)
    definitions = []
    for path, content in documents.items():
        mistakes.extend(_wrong_names(path))
        document = TenantDocument(_shown(path), path.stem, content, installed)
        definition = document.read(free, own_numbers.get(path.stem))
        mistakes.extend(document.mistakes)
        if definition:
            definitions.append(definition)
    return Reading(definitions, sorted(mistakes, key=lambda mistake: mistake.where))


def _tenant_paths(directory: Path) -> list[Path]:
    try:
        paths = sorted(directory.iterdir())
    except OSError as error:
        fix = "Make it, name another one, or set FRONTAGE_TENANTS_DIR."
        raise ConfigurationError(
            [Mistake(_shown(directory), "directory", error.strerror, "a readable folder of tenant files", fix)]
        ) from error
    return [path for path in paths if path.suffix == ".toml" and not path.name.startswith(".")]


def _parse(path: Path) -> dict[str, Any] | Mistake:
    where = _shown(path)
    try:
        # A FIFO would wait for ever. Some editors begin UTF-8 with a byte order mark, which TOML does not know.
        content = path.read_text("utf-8-sig") if path.is_file() else None
    except UnicodeDecodeError as error:
        return Mistake(where, f"byte {error.start + 1}", error.reason, "text in UTF-8", "Save the file as UTF-8.")
    except OSError as error:
        return Mistake(where, "file", error.strerror, "a readable file", "Let this user read it, or remove it.")
    if content is None:
        return Mistake(where, "file", "no regular file", "a readable file", "Mend the link, or remove it.")
    return _parse_text(where, content)


def _parse_text(where: str, content: str) -> dict[str, Any] | Mistake:
    deep = Mistake(where, "nesting", "…", f"at most {DEEPEST} levels of tables and lists", "Flatten it.")
    try:
        document = tomllib.loads(content)
    except RecursionError:
        return deep
    except ValueError as error:  # a number of thousands of digits is no TOMLDecodeError
        return _wrong_syntax(where, content, error)
    return deep if _depth(document) > DEEPEST else document


def _wrong_syntax(where: str, content: str, error: ValueError) -> Mistake:
    lines = content.splitlines() or [""]
    found = _LINE.search(str(error))
    number = min(int(found[1]), len(lines)) if found else len(lines)
    return Mistake(where, f"line {number}", lines[number - 1], "TOML", f"Mend the line: {error}.")


def _depth(document: dict[str, Any]) -> int:
    """How deep tables and lists are nested, counted without recursion: dotted keys nest as deep as they are long."""
    depth = 0
    level: list[dict[str, Any] | list[Any]] = [document]
    while level:
        depth += 1
        members = chain.from_iterable(value.values() if isinstance(value, dict) else value for value in level)
        level = [member for member in members if isinstance(member, dict | list)]
    return depth


def _wrong_names(path: Path) -> list[Mistake]:
    if is_slug(path.stem):
        return []
    expected = "a tenant's slug before .toml: a letter, then up to 62 letters, digits or hyphens, all in lower case"
    if path.stem in RESERVED_SLUGS:
        expected = f"a slug that is not reserved ({', '.join(sorted(RESERVED_SLUGS))} are)"
    return [Mistake(_shown(path), "file name", _shown(Path(path.stem)), expected, "Rename the file.")]


def _shown(path: Path) -> str:
    """The path as text that can be printed, also when its bytes are no UTF-8."""
    return str(path).encode(errors="replace").decode()
