"""Asking a plugin: its operations, and requests that are right unless a rule wants them otherwise."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import msgspec

from frontage.edge.gate import WITH_BODY, Gate
from frontage.edge.sources import InBody, InPath, Nobody, PublishableKey, Token
from frontage.host.roster import Entry
from frontage.testing.bench import Shop
from frontage.testing.examples import Schema, example, takes_text
from frontage.testing.harness import Running
from frontage.testing.subject import named_gates

_PLACE = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path, its gate, and what the plugin's document says of it."""

    method: str
    path: str
    gate: Gate
    told: Mapping[str, Any]
    components: Mapping[str, Schema]

    @property
    def name(self) -> str:
        """Method and path."""
        return f"{self.method} {self.path}"

    @property
    def finds_tenant(self) -> bool:
        """Whether it belongs to a tenant at all."""
        return not isinstance(self.gate.source, Nobody)

    @property
    def places(self) -> list[str]:
        """The names in its path."""
        return _PLACE.findall(self.path)

    @property
    def queries(self) -> dict[str, Any]:
        """Its parameters in the query, by name."""
        return {one["name"]: one for one in self.told.get("parameters", ()) if one["in"] == "query"}

    @property
    def body_schema(self) -> Schema | None:
        """What its body should be; None when it takes none."""
        content = self.told.get("requestBody", {}).get("content", {})
        schema: Schema | None = next((one["schema"] for one in content.values() if "schema" in one), None)
        while schema is not None and "$ref" in schema:
            schema = self.components[schema["$ref"].rpartition("/")[2]]
        return schema

    def example_body(self, tenant_number: int, tenant_slug: str) -> Any:
        """A body that is right, for a tenant; None when it takes none."""
        schema = self.body_schema
        if schema is None:
            return None
        body = example(schema, self.components)
        if isinstance(self.gate.source, InBody) and isinstance(body, dict):
            member = self.gate.source.member
            text = takes_text(schema.get("properties", {}).get(member, {}))
            body[member] = tenant_slug if text else tenant_number
        return body


def operations_of(entry: Entry) -> list[Operation]:
    """Every operation of a plugin; those that only read come first."""
    document = entry.document
    components = document["components"]["schemas"]
    found = [
        Operation(method, path, gate, document["paths"].get(path, {}).get(method.lower(), {}), components)
        for method, path, gate in named_gates([*entry.hot, *entry.ordinary])
        if gate is not None
    ]
    return sorted(found, key=lambda one: (one.method in WITH_BODY, len(one.places), one.path, one.method))


def credentials(operation: Operation, shop: Shop) -> dict[str, str]:
    """The headers by which an operation takes a shop for what it is."""
    match operation.gate.source:
        case PublishableKey():
            return {"X-API-Key": shop.publishable}
        case Token(header=header):
            return {header: shop.publishable}
        case InBody() | InPath() | Nobody():
            return {}
    return {"X-API-Key": shop.secret}


async def ask(
    running: Running,
    operation: Operation,
    shop: Shop,
    *,
    places: Mapping[str, str] | None = None,
    query: str | None = None,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> httpx.Response:
    """Send a request of a shop; what is not given is right. Places and query come as they stand in a URL."""
    source = operation.gate.source
    named = {source.part: shop.tenant.slug} if isinstance(source, InPath) else {}
    given = {**named, **(places or {})}
    path = _PLACE.sub(lambda found: given.get(found[1], "x"), operation.path)
    if query is None:
        needed = {name: one for name, one in operation.queries.items() if one.get("required")}
        query = "&".join(f"{name}={example_text(operation, one)}" for name, one in needed.items())
    if body is None:
        right = operation.example_body(shop.tenant.number, shop.tenant.slug)
        body = b"" if right is None else msgspec.json.encode(right)
    sent = {"Content-Type": "application/json"} if body else {}
    sent |= credentials(operation, shop) | dict(headers or {})
    return await running.client.request(
        operation.method, f"{path}?{query}" if query else path, content=body, headers=sent
    )


def example_text(operation: Operation, parameter: Mapping[str, Any]) -> str:
    """A right value of a parameter, as it stands in a URL."""
    return quote(str(example(parameter.get("schema", {}), operation.components)), safe="")
