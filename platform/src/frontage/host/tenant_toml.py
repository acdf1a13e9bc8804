"""Writes a tenant's file from its definition, so that reading the text gives the same tenant.

Its values are those of JSON, whose texts and numbers are TOML's too: a package that writes TOML would save ten lines.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from frontage.base.ids import to_short
from frontage.tenants.definition import TenantDefinition

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def format_tenant_file(definition: TenantDefinition) -> str:
    """The text of `<slug>.toml`, with the tenant's id when it has one."""
    return "\n".join(_lines(definition)) + "\n"


def _lines(definition: TenantDefinition) -> Iterator[str]:
    yield "#:schema ./schema.json"
    if definition.id:
        yield f"id = {_value(to_short(definition.id))}"
    for key in ("name", "number", "timezone", "currency", "status", "privacy_signals"):
        yield f"{key} = {_value(getattr(definition, key))}"
    if definition.policies:
        yield from _table("policies", definition.policies)
    for slug, plugin in definition.plugins.items():
        yield from _table(f"plugins.{_key(slug)}", {"settings_version": plugin.settings_version, **plugin.settings})


def _table(name: str, members: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield f"[{name}]"
    for key, value in members.items():
        yield f"{_key(key)} = {_value(value)}"


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _value(key)


def _value(value: Any) -> str:
    match value:
        case dict():
            members = ", ".join(f"{_key(key)} = {_value(member)}" for key, member in value.items())
            return f"{{ {members} }}" if members else "{}"
        case list():
            return f"[{', '.join(_value(item) for item in value)}]"
    # JSON lets DEL stand as it is, TOML does not.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
