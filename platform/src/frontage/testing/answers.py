"""Holding answers against an OpenAPI document."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
from jsonschema import Draft202012Validator

_LONGEST = 160


class Described:
    """What a document says of its operations' answers."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        # The document of a plugin that was refused describes nothing.
        self._components = document.get("components", {})
        self._validators: dict[str, Draft202012Validator] = {}

    def wrong_in(self, operation: Mapping[str, Any], answer: httpx.Response) -> str:
        """What of an answer the operation's description does not say; nothing when it is as described."""
        status = answer.status_code
        told = operation.get("responses", {}).get(str(status))
        if told is None:
            return f"{status}, which its document does not name."
        kind, content = answer.headers.get("content-type", "").partition(";")[0], told.get("content", {})
        if not content:
            return ""
        if kind not in content:
            return f"{status} and {kind or 'no body'} instead of {' or '.join(content)}."
        schema = content[kind].get("schema")
        return "" if schema is None or not kind.endswith("json") else self._wrong_body(schema, status, answer)

    def _wrong_body(self, schema: Mapping[str, Any], status: int, answer: httpx.Response) -> str:
        try:
            value = answer.json()
        except ValueError:
            return f"{status} and a body that is no JSON."
        for error in self._validator(schema).iter_errors(value):
            place = ".".join(map(str, error.absolute_path)) or "the whole body"
            return f"{status} and a body that does not fit its schema: {place}: {error.message[:_LONGEST]}"
        return ""

    def _validator(self, schema: Mapping[str, Any]) -> Draft202012Validator:
        # Kept, because one that is new looks through all components before it finds the first.
        name = json.dumps(schema, sort_keys=True)
        if name not in self._validators:
            self._validators[name] = Draft202012Validator({**schema, "components": self._components})
        return self._validators[name]
