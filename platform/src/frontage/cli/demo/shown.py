"""Showcases of the plugins that serve, read from their packages once; one that cannot be read costs only itself."""

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from frontage.base.logs import get_logger
from frontage.cli.demo.keys import DemoKeys
from frontage.host.assets import Rendered
from frontage.host.errors import CONTAINED
from frontage.host.loading import package_folder, resolve
from frontage.host.roster import Entry, Roster
from frontage.plugin.showcase import Showcase
from frontage.tenants.tenant import Tenant

log = get_logger(__name__)

PAGE = "page.html"
FILES = {"page.css": "text/css", "page.js": "text/javascript"}
"""What a page may load of its own."""
REVALIDATE = "no-cache"


@dataclass(frozen=True, slots=True)
class Shown:
    """One plugin's showcase, with its files."""

    plugin: str
    showcase: Showcase
    page: str
    files: dict[str, Rendered]

    def filled(self, tenant: Tenant, keys: DemoKeys, root: str) -> str:
        """The page for a tenant."""
        words = {"key": keys.publishable, "tenant": tenant.slug, "name": tenant.name, "currency": tenant.currency}
        page = self.page
        for name, value in {**words, "root": root}.items():
            page = page.replace(f"{{{{{name}}}}}", escape(value))
        return page


def read_showcases(roster: Roster) -> dict[str, Shown]:
    """What there is to show, by plugin."""
    found = {}
    for entry in roster.serving:
        if entry.declared.showcase is None:
            continue
        try:
            found[entry.slug] = _read(entry, entry.declared.showcase)
        except CONTAINED:  # a plugin's module may raise anything when it is imported
            log.exception("plugin.showcase_failed", plugin=entry.slug)
    return found


def _read(entry: Entry, reference: str) -> Shown:
    showcase: Any = resolve(reference)
    if not isinstance(showcase, Showcase):
        raise TypeError(f"{reference} is no frontage.plugin.Showcase")
    folder = package_folder(entry.candidate) / showcase.folder
    files = {name: _file(folder / name, kind) for name, kind in FILES.items() if (folder / name).is_file()}
    return Shown(entry.slug, showcase, folder.joinpath(PAGE).read_text(encoding="utf-8"), files)


def _file(path: Path, media_type: str) -> Rendered:
    return Rendered.of(path.read_bytes(), media_type, REVALIDATE)
