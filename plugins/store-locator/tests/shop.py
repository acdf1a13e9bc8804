"""A shop's side of a running platform."""

from dataclasses import dataclass, field
from typing import Any

import httpx

from frontage.testing.harness import Running

PLUGIN = "[plugins.store-locator]\n"
TENANTS = {
    "acme": f'name = "Acme Retail"\nnumber = 1\n{PLUGIN}country = "US"\n',
    "bolt": f'name = "Bolt Bicycles"\nnumber = 2\n{PLUGIN}',
}
API = "/locations/api/v1/locations"
PUBLIC = "/locations/api/v1/public/locations"


@dataclass
class Shop:
    """One tenant of a running platform."""

    running: Running
    slug: str
    _keys: dict[tuple[str, tuple[str, ...]], str] = field(default_factory=dict)

    async def key(self, kind: str = "secret", *scopes: str) -> str:
        """A key of a kind with scopes, the same each time."""
        if (kind, scopes) not in self._keys:
            self._keys[kind, scopes] = await self.running.key(self.slug, kind, scopes=scopes)
        return self._keys[kind, scopes]

    async def call(
        self, method: str, path: str = "", *, headers: dict[str, str] | None = None, **words: Any
    ) -> httpx.Response:
        """Call the management API with a secret key that may do everything."""
        key = await self.key("secret", "locations:read", "locations:write")
        headers = {"X-API-Key": key, **(headers or {})}
        return await self.running.client.request(method, API + path, headers=headers, **words)

    async def add(self, **members: Any) -> dict[str, Any]:
        """Add a place."""
        answer = await self.call("POST", json={"name": "A place", **members})
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def search(self, lat: Any = 39.78, lon: Any = -89.65, **query: Any) -> httpx.Response:
        """Search as a page does."""
        headers = {"X-API-Key": await self.key("publishable")}
        return await self.running.client.get(PUBLIC, params={"lat": lat, "lon": lon, **query}, headers=headers)

    async def found(self, lat: float = 39.78, lon: float = -89.65, **query: Any) -> list[dict[str, Any]]:
        """The places that a search finds."""
        answer = await self.search(lat, lon, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()["locations"]

    async def names_near(self, lat: float = 39.78, lon: float = -89.65, **query: Any) -> list[str]:
        """The names of the places that a search finds."""
        return [place["name"] for place in await self.found(lat, lon, **query)]


class Street:
    """Opens shops on one running platform, one after the other, so that no test sees another's places."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self._files = dict(TENANTS)

    async def open(self, settings: str = 'country = "US"\n', head: str = "") -> Shop:
        """A new shop."""
        number = len(self._files) + 1
        slug = f"shop-{number}"
        self._files[slug] = f'name = "Shop {number}"\nnumber = {number}\n{head}{PLUGIN}{settings}'
        await self.running.apply(self._files)
        return Shop(self.running, slug)
