"""Copying the template with other names in it: in its texts, and in the names of its files and folders."""

import re
from collections.abc import Iterator
from pathlib import Path

from frontage.base.errors import FrontageError
from frontage.cli.scaffold.naming import spellings

PACKAGE = Path(__file__).parent / "package"
_LEFT_BY_TOOLS = frozenset({"__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache"})


class FolderTakenError(FrontageError):
    """The folder of a new plugin is there already; nothing of it was touched."""


def write_plugin(slug: str, parent: Path) -> Path:
    """Write the plugin into a new folder `frontage-<slug>`; gives the folder."""
    folder = parent / f"frontage-{slug}"
    if folder.exists():
        raise FolderTakenError(f"{folder} exists already. Remove it, or choose another place with --dir.")
    names = spellings(slug)
    pattern = re.compile("|".join(map(re.escape, names)))

    def rename(text: str) -> str:
        return pattern.sub(lambda found: names[found[0]], text)

    for source in template_files():
        target = folder / rename(str(source.relative_to(PACKAGE)))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(rename(source.read_text(encoding="utf-8")), encoding="utf-8")
    return folder


def template_files() -> Iterator[Path]:
    """The files of the template, without what tools have left among them."""
    for path in sorted(PACKAGE.rglob("*")):
        if path.is_file() and not _LEFT_BY_TOOLS.intersection(path.parts):
            yield path
