"""The OpenAPI 3.1 document: what Litestar tells of ordinary routes, what hot routes declare, and what gates add.

Every document is made from one plugin alone, so no neighbour can change a name in it; `merge` joins them.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from frontage.edge.gate import WITH_BODY, Gate
from frontage.edge.hot import HotRoute
from frontage.edge.problems import KINDS, FieldProblem
from frontage.edge.reserved import OWN_SCHEMAS
from frontage.edge.sources import AnyKey, InBody, InPath, Nobody, PublishableKey, SecretKey, Token, describe

Document = dict[str, Any]
_SCHEMAS = "#/components/schemas/"
_REFERENCE = _SCHEMAS + "{name}"
_TYPED_PARAMETER = re.compile(r"\{([^:{}]+):[^{}]+\}")
_PROBLEM_REFERENCE = {"$ref": "#/components/schemas/Problem"}

_INTEGER = {"schema": {"type": "integer", "minimum": 0}}
_LIMIT_HEADERS = {
    "RateLimit-Policy": {"description": "Every window that applies.", "schema": {"type": "string"}},
    "RateLimit-Limit": {"description": "The quota of the window with the fewest requests remaining.", **_INTEGER},
    "RateLimit-Remaining": {"description": "Requests left in that window.", **_INTEGER},
    "RateLimit-Reset": {"description": "Seconds until it admits one more, or is empty again.", **_INTEGER},
    "X-RateLimit-Limit": {"description": "The same as RateLimit-Limit.", **_INTEGER},
    "X-RateLimit-Remaining": {"description": "The same as RateLimit-Remaining.", **_INTEGER},
    "X-RateLimit-Reset": {"description": "The moment of RateLimit-Reset as a Unix second.", **_INTEGER},
}
_RETRY_AFTER = {"Retry-After": {"description": "Seconds after which a retry may succeed.", **_INTEGER}}
_CORS_HEADERS = {
    "Access-Control-Allow-Origin": {"description": "The origin of the request.", "schema": {"type": "string"}},
    "Vary": {"description": "Origin, and whatever else the answer depends on.", "schema": {"type": "string"}},
}
SECURITY_SCHEMES = {
    "ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "A secret or publishable key."},
    "PublishableKey": {
        "type": "apiKey",
        "in": "query",
        "name": "key",
        "description": "A publishable key, so that a browser needs no preflight.",
    },
}


@dataclass(frozen=True, slots=True)
class Operation:
    """An ordinary route in the document: where it stands and which gate it has."""

    path: str
    method: str
    gate: Gate
    name: str
    named: bool = False
    """Whether its author chose the operation id."""


@dataclass(slots=True)
class DocumentParts:
    """What a document is made of, before it is complete."""

    document: Document
    prefix: str
    """The slug that goes before operation ids nobody chose."""
    operations: list[Operation] = field(default_factory=list)
    hot: list[HotRoute] = field(default_factory=list)


def plain_path(path: str) -> str:
    """A path template as OpenAPI writes it."""
    return _TYPED_PARAMETER.sub(r"{\1}", path)


def complete(parts: DocumentParts) -> Document:
    """Add hot routes, and to every operation what its gate answers."""
    document = parts.document
    components = document.setdefault("components", {})
    schemas: dict[str, Any] = components.setdefault("schemas", {})
    schemas.update(_problem_schemas())
    components["securitySchemes"] = SECURITY_SCHEMES
    paths: dict[str, Any] = document.setdefault("paths", {})
    for operation in parts.operations:
        described = paths.get(plain_path(operation.path), {}).get(operation.method.lower())
        if described is not None:
            if not operation.named:
                described["operationId"] = f"{parts.prefix}.{operation.name}"
            _complete_operation(described, operation.gate, reads_body=operation.method in WITH_BODY, management=True)
    for route in parts.hot:
        described, found = _describe_hot(route)
        described["operationId"] = route.described.operation_id or f"{parts.prefix}.{route.name}"
        schemas.update(found)
        _complete_operation(described, route.gate, reads_body=route.reader is not None, management=False)
        paths.setdefault(plain_path(route.path), {})[route.method.lower()] = described
    for path in paths.values():
        for described in path.values():
            described["responses"] = dict(sorted(described["responses"].items()))
    document["paths"] = dict(sorted(paths.items()))
    return document


def operation_ids(document: Document) -> list[str]:
    """The id of every operation of a document."""
    return [described["operationId"] for path in document["paths"].values() for described in path.values()]


def _problem_schemas() -> dict[str, Any]:
    _, components = msgspec.json.schema_components([FieldProblem], ref_template=_REFERENCE)
    members = {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "error_code": {"type": "string", "enum": list(KINDS)},
        "retryable": {"type": "boolean"},
        "timestamp": {"type": "string", "format": "date-time"},
    }
    optional = {
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldProblem"}},
        "retry_after_seconds": {"type": "integer", "minimum": 0},
    }
    problem = {
        "type": "object",
        "description": "A refusal or failure, after RFC 9457.",
        "properties": members | optional,
        "required": list(members),
    }
    return {**components, "Problem": problem}


def _describe_hot(route: HotRoute) -> tuple[dict[str, Any], dict[str, Any]]:
    told = route.described
    types = [one for one in (told.body, told.query, told.returns) if one is not None]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    for component in components.values():
        if all(isinstance(value, str) for value in component.get("enum", [None])):
            component.setdefault("type", "string")  # msgspec leaves it out, code generators ask for it
    found = dict(zip(map(id, types), schemas, strict=True))
    operation: dict[str, Any] = {"summary": told.summary, "parameters": []}
    if told.tags:
        operation["tags"] = list(told.tags)
    if told.description:
        operation["description"] = told.description
    if told.query is not None:
        query = components.pop(found[id(told.query)]["$ref"].rpartition("/")[2])
        operation["parameters"] += _query_parameters(query)
    if told.body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": found[id(told.body)]}}}
    success: dict[str, Any] = {"description": "Done." if told.status == 204 else "The answer."}
    if told.returns is not None:
        success["content"] = {"application/json": {"schema": found[id(told.returns)]}}
    operation["responses"] = {str(status): {"description": sentence} for status, sentence in told.responses}
    operation["responses"][str(told.status)] = success
    return operation, components


def _query_parameters(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    required = set(schema.get("required", ()))
    parameters = []
    for name, one in schema["properties"].items():
        parameter = {"name": name, "in": "query", "required": name in required, "schema": dict(one)}
        if description := parameter["schema"].pop("description", None):
            parameter["description"] = description
        parameters.append(parameter)
    return parameters


def _complete_operation(operation: dict[str, Any], gate: Gate, *, reads_body: bool, management: bool) -> None:
    responses: dict[str, Any] = operation.setdefault("responses", {})
    responses.pop("400", None)
    limited = _LIMIT_HEADERS if gate.limits else {}
    cross = _CORS_HEADERS if gate.public else {}
    for response in responses.values():
        response["headers"] = {**response.get("headers", {}), **limited, **cross}
    for status in _refusals(operation, gate, reads_body=reads_body, management=management):
        headers = {**(limited if status not in {401, 413, 415} else {}), **cross}
        headers |= _RETRY_AFTER if status in {429, 503} else {}
        refusal = _refusal(status, headers, own_words=gate.refuse is not None)
        told = responses.get(str(status), {})
        # A route's own words stand beside the problem: what does not even reach it is refused in ours.
        content = {**refusal["content"], **told.get("content", {})}
        responses[str(status)] = {**refusal, **told, "content": content}
    operation["responses"] = responses
    operation["x-tenant-scope"] = describe(gate.source)
    if gate.plugin is not None:
        operation.setdefault("tags", [gate.plugin])
    security = _security(gate, reads=not reads_body)
    if security is not None:
        operation["security"] = security


def _refusals(operation: Mapping[str, Any], gate: Gate, *, reads_body: bool, management: bool) -> Iterable[int]:
    if gate.refusals is not None:
        yield from gate.refusals
        return
    parses_body = "requestBody" in operation if management else reads_body
    places = {one.get("in") for one in operation.get("parameters", ())}
    if not isinstance(gate.source, Nobody | InBody | InPath):
        yield from (401, 403)
    if gate.plugin is not None or "path" in places:
        yield 404
    yield from gate.raises
    if reads_body:
        yield from (413, 415)
    if parses_body and management:
        yield 400
    if parses_body or management or "query" in places:
        yield 422  # on an ordinary route also for a NUL character, wherever it stands
    if gate.limits:
        yield 429
    yield from (500, 503)


def _refusal(status: int, headers: Mapping[str, Any], *, own_words: bool) -> dict[str, Any]:
    title = next(kind.title for kind in KINDS.values() if kind.status == status)
    content = (
        {"application/json": {"schema": {"type": "object"}}, "application/problem+json": {"schema": {"type": "object"}}}
        if own_words
        else {"application/problem+json": {"schema": _PROBLEM_REFERENCE}}
    )
    return {"description": title, "headers": dict(headers), "content": content}


def _security(gate: Gate, *, reads: bool) -> list[dict[str, list[str]]] | None:
    source = gate.source
    if isinstance(source, PublishableKey) and reads:
        return [{"ApiKey": []}, {"PublishableKey": []}]
    if isinstance(source, PublishableKey | SecretKey | AnyKey | Token):
        return [{"ApiKey": []}]
    return []


def merge(base: Document, documents: Mapping[str, tuple[Document, Collection[str]]]) -> Document:
    """One document of all; a plugin's components get its slug before their names, but for those that it claims."""
    merged = {**base, "paths": dict(base["paths"])}
    schemas = dict(base["components"]["schemas"])
    for slug, (document, claimed) in documents.items():
        own = document["components"]["schemas"]
        names = {name: name if name in claimed or name in OWN_SCHEMAS else f"{slug}.{name}" for name in own}
        renamed = _rename(document, names)
        merged["paths"].update(renamed["paths"])
        schemas.update({names[name]: schema for name, schema in renamed["components"]["schemas"].items()})
    merged["components"] = {**base["components"], "schemas": dict(sorted(schemas.items()))}
    merged["paths"] = dict(sorted(merged["paths"].items()))
    return merged


def _rename(value: Any, names: Mapping[str, str]) -> Any:
    """The value with other names in its references: those of `$ref`, and those of a discriminator's mapping."""
    if isinstance(value, dict):
        return {key: _rename(one, names) for key, one in value.items()}
    if isinstance(value, str) and value.startswith(_SCHEMAS):
        name = value.removeprefix(_SCHEMAS)
        return _SCHEMAS + names.get(name, name)
    return [_rename(one, names) for one in value] if isinstance(value, list) else value
