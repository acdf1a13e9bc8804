"""A shop's side of a running platform."""

from dataclasses import dataclass, field
from typing import Any

import httpx

from frontage.testing.harness import Running

TENANTS = {
    "acme": 'name = "Acme Retail"\nnumber = 1\n[plugins.store-locator]\ncountry = "US"\n',
    "bolt": 'name = "Bolt Bicycles"\nnumber = 2\n[plugins.store-locator]\n',
    "plain": 'name = "Plain"\nnumber = 3\n',
}
API = "/locations/api/v1/locations"
PUBLIC = "/locations/api/v1/public/locations"


@dataclass
class Shop:
    """A tenant's side of a running platform."""

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
        return await self.running.client.request(
            method, API + path, headers={"X-API-Key": key, **(headers or {})}, **words
        )

    async def add(self, **members: Any) -> dict[str, Any]:
        """Add a place."""
        answer = await self.call("POST", json={"name": "A place", **members})
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def search(self, lat: float, lon: float, **query: Any) -> httpx.Response:
        """Search as a page does."""
        headers = {"X-API-Key": await self.key("publishable")}
        return await self.running.client.get(PUBLIC, params={"lat": lat, "lon": lon, **query}, headers=headers)

    async def names_near(self, lat: float, lon: float, **query: Any) -> list[str]:
        """The names that a search finds, in order."""
        answer = await self.search(lat, lon, **query)
        assert answer.status_code == 200, answer.text
        return [place["name"] for place in answer.json()["locations"]]
