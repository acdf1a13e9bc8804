"""A value for a JSON schema, as small as the schema allows; its own examples come first."""

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

_TEXTS = {
    "date": "2024-02-29",
    "date-time": "2024-02-29T12:00:00+00:00",
    "email": "ann@example.com",
    "time": "12:00:00",
    "uri": "https://example.com/",
    "uuid": "018f4a1e-0000-7000-8000-000000000001",
}


def example(schema: Schema, components: Mapping[str, Schema]) -> Any:
    """A value that the schema allows, as far as it can be told."""
    if "$ref" in schema:
        return example(components[schema["$ref"].rpartition("/")[2]], components)
    if choices := schema.get("examples") or schema.get("enum"):
        return choices[0]
    if "const" in schema:
        return schema["const"]
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return example(next((one for one in options if one.get("type") != "null"), options[0]), components)
    return _of_type(schema, components)


def takes_text(schema: Schema) -> bool:
    """Whether a text can be a value of the schema."""
    kinds = {schema.get("type"), *(one.get("type") for one in schema.get("anyOf", ()))}
    return "string" in kinds or kinds == {None}


def _of_type(schema: Schema, components: Mapping[str, Schema]) -> Any:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), None)
    match kind:
        case "object":
            needed = schema.get("required", ())
            return {name: example(schema["properties"][name], components) for name in needed}
        case "array":
            return [example(schema.get("items", {}), components)] * schema.get("minItems", 0)
        case "integer" | "number":
            return _number(schema)
        case "boolean":
            return True
        case "null":
            return None
    return _TEXTS.get(schema.get("format", "")) or "x" * max(1, schema.get("minLength", 1))


def _number(schema: Schema) -> Any:
    lowest = schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
    return min(max(lowest, 1), schema.get("maximum", max(lowest, 1)))
