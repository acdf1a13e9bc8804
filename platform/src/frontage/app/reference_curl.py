"""Examples for the documentation pages: a value that a schema allows, and a request with curl that can be pasted."""

import json
import shlex
from collections.abc import Mapping, Sequence
from math import inf
from typing import Any
from urllib.parse import quote, urlencode

Schema = Mapping[str, Any]

DEEPEST = 6
"""Levels of an example; schemas may contain themselves."""

# Placeholders of the shell, so that no key has to stand in a history of commands.
_KEYS = {
    "key": "$SECRET_KEY",
    "secret-key": "$SECRET_KEY",
    "publishable-key": "$PUBLISHABLE_KEY",
    "token": "$PUBLISHABLE_KEY",
}
_TEXTS = {
    "date": "2030-01-31",
    "date-time": "2030-01-31T12:00:00Z",
    "email": "someone@shop.example",
    "uri": "https://shop.example",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_PLAIN: dict[str, Any] = {"boolean": True, "null": None, "array": [], "object": {}}


def example_of(schema: Any, schemas: Mapping[str, Schema], name: str = "text", depth: int = 0) -> Any:
    """A value that a schema allows, as small as may be."""
    if not isinstance(schema, Mapping) or depth > DEEPEST:
        return None
    if "$ref" in schema:
        return example_of(schemas.get(str(schema["$ref"]).rpartition("/")[2]), schemas, name, depth + 1)
    if told := _told(schema):
        return told[0]
    if choices := _choices(schema):
        return example_of(choices[0], schemas, name, depth + 1)
    return _smallest(schema, schemas, name, depth)


def _smallest(schema: Schema, schemas: Mapping[str, Schema], name: str, depth: int) -> Any:
    if "properties" in schema:
        wanted = schema.get("required") or schema["properties"]
        return {
            key: example_of(one, schemas, key, depth + 1) for key, one in schema["properties"].items() if key in wanted
        }
    if "items" in schema and schema.get("minItems", 1):
        return [example_of(schema["items"], schemas, name, depth + 1)]
    return _plain(schema, name)


def _told(schema: Schema) -> list[Any]:
    listed = [value for key in ("examples", "enum") for value in schema.get(key) or ()]
    return listed + [schema[key] for key in ("example", "const", "default") if schema.get(key) is not None]


def _choices(schema: Schema) -> list[Any]:
    choices = [one for key in ("oneOf", "anyOf", "allOf") for one in schema.get(key, ())]
    return [one for one in choices if one != {"type": "null"}]


def _plain(schema: Schema, name: str) -> Any:
    named = schema.get("type", "string")
    kind = next((one for one in named if one != "null"), "null") if isinstance(named, list) else named
    if kind in {"integer", "number"}:
        return min(max(1, schema.get("minimum", 1)), schema.get("maximum", inf))
    return _PLAIN.get(kind, _TEXTS.get(schema.get("format", ""), name))


def curl(method: str, address: str, *, source: str, headers: Sequence[tuple[str, str]] = (), body: Any = None) -> str:
    """A request as a command, one option a line; `source` says whose key it needs."""
    verb = "" if method in {"get", "post"} and (method == "get" or body is not None) else f"-X {method.upper()} "
    parts = [f"curl {verb}{address}"]
    if key := _KEYS.get(source):
        parts.append(f'-H "X-API-Key: {key}"')
    parts += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in headers]
    if body is not None:
        parts += ["-H 'Content-Type: application/json'", f"-d {shlex.quote(json.dumps(body, ensure_ascii=False))}"]
    return " \\\n  ".join(parts)


def address_of(server: str, path: str, in_path: Mapping[str, Any], in_query: Mapping[str, Any]) -> str:
    """The address of a request, quoted for a shell; without a server of its own it begins with `$BASE_URL`."""
    for name, value in in_path.items():
        path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
    if in_query:
        path += "?" + urlencode(in_query)
    return shlex.quote(server + path) if "://" in server else f'"$BASE_URL"{shlex.quote(server + path)}'
