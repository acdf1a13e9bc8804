"""The routes of the demo: `/` and what lies under `/demo`, in a process that serves with `--demo` and in no other."""

from collections.abc import Sequence
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler

from frontage.app.platform import Platform
from frontage.cli.demo.keys import DemoKeys
from frontage.cli.demo.numbers import Counts, Numbers
from frontage.cli.demo.pages import CONTENT_POLICY, Pages
from frontage.cli.demo.shown import REVALIDATE, Shown, read_showcases
from frontage.edge.gate import not_found
from frontage.edge.problems import Problem
from frontage.edge.sources import Nobody
from frontage.host.assets import Rendered
from frontage.plugin.routes import get
from frontage.tenants.tenant import Tenant

_Asked = Request[Any, Any, Any]
_OPEN: dict[str, Any] = {"tenant": Nobody(), "limit": (), "off": not_found, "include_in_schema": False}
_OWN = {"demo.css": "text/css", "demo.js": "text/javascript"}
_HTML = {"Content-Security-Policy": CONTENT_POLICY}


class DemoSite:
    """The pages of one process; it answers once a platform was opened with its routes."""

    def __init__(self, keys: Sequence[DemoKeys]) -> None:
        self._keys = {one.tenant: one for one in keys}
        self._own = {
            name: Rendered.of(files(__package__).joinpath(name).read_bytes(), kind, REVALIDATE)
            for name, kind in _OWN.items()
        }
        self._shown: dict[str, Shown] = {}
        self._titles: dict[str, str] = {}
        self._platform: Platform
        self._pages: Pages
        self._counts: Counts

    def open(self, platform: Platform) -> None:
        """Show what serves in this platform."""
        services = platform.services
        base = urlsplit(services.settings.base_url)
        self._platform = platform
        self._shown = read_showcases(services.roster)
        self._titles = {entry.slug: entry.declared.title for entry in services.roster.serving}
        self._pages = Pages(base.path.rstrip("/"), services.settings.base_url)
        self._counts = Counts(platform.front, base.netloc)

    @property
    def routes(self) -> list[HTTPRouteHandler]:
        """What to open the platform with."""
        return [
            get("/", media_type="text/html", **_OPEN)(self.get_index),
            get("/demo/-/{name:str}", media_type="*/*", **_OPEN)(self.get_own_file),
            get("/demo/-/{plugin:str}/{name:str}", media_type="*/*", **_OPEN)(self.get_file),
            get("/demo/{slug:str}/{plugin:str}", media_type="text/html", **_OPEN)(self.get_showcase),
            get("/demo/{slug:str}/{plugin:str}/numbers", **_OPEN)(self.get_numbers),
        ]

    async def get_index(self, request: _Asked) -> Response[bytes]:
        """What runs here."""
        found = [(tenant, self._keys[tenant.slug]) for tenant in self._tenants()]
        return _page(request, self._pages.index(found, self._shown, self._titles))

    async def get_showcase(self, request: _Asked, slug: str, plugin: str) -> Response[bytes]:
        """A plugin at work for a tenant."""
        tenant, one = self._find(slug, plugin)
        others = [self._shown[name] for name in sorted(tenant.plugins) if name in self._shown]
        return _page(request, self._pages.showcase(one, tenant, self._keys[tenant.slug], others))

    async def get_numbers(self, slug: str, plugin: str) -> Numbers:
        """What was counted."""
        tenant, one = self._find(slug, plugin)
        return await self._counts.read(one.showcase, self._keys[tenant.slug])

    async def get_own_file(self, request: _Asked, name: str) -> Response[bytes]:
        """A file of the frame."""
        return _find(self._own, name).answer(request.headers)

    async def get_file(self, request: _Asked, plugin: str, name: str) -> Response[bytes]:
        """A file of a plugin's showcase."""
        shown = self._shown.get(plugin)
        return _find(shown.files if shown else {}, name).answer(request.headers)

    def _tenants(self) -> list[Tenant]:
        active = self._platform.services.directory.tenants
        return sorted((one for one in active if one.slug in self._keys), key=lambda one: one.number)

    def _find(self, slug: str, plugin: str) -> tuple[Tenant, Shown]:
        tenant = next((one for one in self._tenants() if one.slug == slug), None)
        if tenant is None or plugin not in self._shown or plugin not in tenant.plugins:
            raise Problem("not_found")
        return tenant, self._shown[plugin]


def _page(request: _Asked, text: str) -> Response[bytes]:
    return Rendered.of(text.encode(), "text/html", REVALIDATE, _HTML).answer(request.headers)


def _find(served: dict[str, Rendered], name: str) -> Rendered:
    if name not in served:
        raise Problem("not_found")
    return served[name]
