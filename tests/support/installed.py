"""Plugin packages as pip would leave them: a folder with metadata, to be put on the path of a test or a server."""

from collections.abc import Mapping
from pathlib import Path

SUPPORT = Path(__file__).parent
KITCHEN_SINK = SUPPORT / "kitchen_sink"


def write_metadata(
    folder: Path, slug: str, reference: str, *, version: str = "1.0.0", requires: str = "frontage>=1,<2"
) -> Path:
    """Write the metadata of a distribution `frontage-<slug>` with its entry point; gives the folder."""
    name = f"frontage-{slug}"
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    info.joinpath("METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Dist: {requires}\n"
    )
    info.joinpath("entry_points.txt").write_text(f"[frontage.plugins]\n{slug} = {reference}\n")
    return folder


def install_kitchen_sink(folder: Path) -> list[Path]:
    """Install the kitchen sink; gives what must be on the path."""
    write_metadata(folder, "kitchen-sink", "frontage_kitchen_sink.plugin:plugin")
    return [folder, KITCHEN_SINK]


def write_plugin(
    folder: Path, slug: str, source: str, *, files: Mapping[str, str] | None = None, **metadata: str
) -> Path:
    """Write and install a plugin whose declaration module is `source`; gives what must be on the path."""
    package = folder / f"frontage_{slug.replace('-', '_')}"
    package.mkdir(parents=True, exist_ok=True)
    package.joinpath("__init__.py").write_text('"""A plugin for a test."""\n')
    package.joinpath("plugin.py").write_text(source)
    for name, content in (files or {}).items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return write_metadata(folder, slug, f"{package.name}.plugin:plugin", **metadata)
