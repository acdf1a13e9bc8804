"""The JSON Schema of a tenant's file, for editors: what may stand there, with every installed plugin's settings."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from frontage.base.ids import ALPHABET, LENGTH
from frontage.host.tenant_document import KEY_POLICIES, LONGEST_NAME, STATUSES, VERSION_KEY
from frontage.plugin.declaration import Plugin
from frontage.tenants.currency import CURRENCIES
from frontage.tenants.policy import KEY_POLICY_WINDOWS, format_windows
from frontage.tenants.tenant import LARGEST_NUMBER, PRIVACY_SIGNALS

Schema = dict[str, Any]
_WINDOW = r"\s*\d{1,10}\s*;\s*w\s*=\s*\d{1,8}\s*"
_UUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


def tenant_schema(plugins: Mapping[str, Plugin]) -> Schema:
    """The schema (draft 2020-12) of one tenant file, with these plugins installed."""
    installed = [plugins[slug] for slug in sorted(plugins)]
    definitions: Schema = {"windows": _windows()}
    sections = {plugin.slug: _settings(plugin, definitions) for plugin in installed}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Tenant",
        "description": "A tenant of frontage; the name of its file is its slug.",
        "type": "object",
        "properties": {
            **_properties(),
            "policies": _policies(installed),
            "plugins": {
                "title": "Plugins",
                "description": "A plugin is on when its table stands here; the table holds its settings.",
                "type": "object",
                "properties": sections,
                "additionalProperties": False,
            },
        },
        "required": ["name", "number"],
        "additionalProperties": False,
        "$defs": definitions,
    }


def write_tenant_schema(path: Path, plugins: Mapping[str, Plugin]) -> bool:
    """Write the schema where it is missing or has changed; True when it was written."""
    text = format_schema(tenant_schema(plugins))
    if path.is_file() and path.read_text("utf-8") == text:
        return False
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_text(text, "utf-8")
    fresh.replace(path)
    return True


def format_schema(schema: Schema) -> str:
    """The text of schema.json."""
    return msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n"


def _properties() -> Schema:
    return {
        "id": {
            "title": "Id",
            "description": "The tenant's id, as a shortuuid or a UUID. Left out, one is made.",
            "type": "string",
            "pattern": f"^([{ALPHABET}]{{{LENGTH}}}|{_UUID})$",
        },
        "name": {
            "title": "Name",
            "description": "What people call the shop.",
            "type": "string",
            "minLength": 1,
            "maxLength": LONGEST_NAME,
        },
        "number": {
            "title": "Number",
            "description": "The tenant's number, which no other tenant has or had. Pages name the tenant by it.",
            "type": "integer",
            "minimum": 1,
            "maximum": LARGEST_NUMBER,
        },
        "timezone": {
            "title": "Time zone",
            "description": "A name of the IANA database; the shop's days begin and end there.",
            "type": "string",
            "default": "UTC",
            "examples": ["UTC", "Europe/Berlin", "America/New_York", "America/Tegucigalpa", "Asia/Tokyo"],
        },
        "currency": {
            "title": "Currency",
            "description": "ISO 4217; what amounts are in that come without a currency.",
            "enum": sorted(CURRENCIES),
            "default": "HNL",
        },
        "status": {
            "title": "Status",
            "description": "A suspended tenant is unknown everywhere, and so are its keys.",
            "enum": list(STATUSES),
            "default": "active",
        },
        "privacy_signals": {
            "title": "Privacy signals",
            "description": "What becomes of events whose browser says Sec-GPC: 1 or DNT: 1.",
            "enum": list(PRIVACY_SIGNALS),
            "default": "anonymise",
        },
    }


def _windows() -> Schema:
    text = {"type": "string", "pattern": f"^{_WINDOW}(,{_WINDOW})*$"}
    return {
        "title": "Windows",
        "description": '"100;w=60" admits 100 requests in any 60 seconds; several windows hold together.',
        "anyOf": [text, {"type": "array", "items": text, "minItems": 1}],
        "examples": ["100;w=60", ["300;w=60", "10000;w=86400"]],
    }


def _policies(installed: list[Plugin]) -> Schema:
    members: Schema = {name: _policy(format_windows(KEY_POLICY_WINDOWS)) for name in KEY_POLICIES}
    for plugin in installed:
        short = {name: _policy(format_windows(policy.windows)) for name, policy in plugin.policies.items()}
        members |= {plugin.policy_name(name): policy for name, policy in short.items()}
        if short:  # written without quotes a name is two keys: store-locator.visitor = …
            members[plugin.slug] = {"type": "object", "properties": short, "additionalProperties": False}
    return {
        "title": "Rate limits",
        "description": "Windows in place of a policy's own, by the policy's name.",
        "type": "object",
        "properties": members,
        "additionalProperties": False,
    }


def _policy(windows: str) -> Schema:
    return {"$ref": "#/$defs/windows", "description": f"Without it: {windows}"}


def _settings(plugin: Plugin, definitions: Schema) -> Schema:
    """A plugin's section; the types within go to `definitions`, under names that no other plugin's can have."""
    schemas, components = msgspec.json.schema_components(
        (plugin.settings,), ref_template=f"#/$defs/{plugin.slug}.{{name}}"
    )
    definitions.update({f"{plugin.slug}.{name}": schema for name, schema in components.items()})
    own = definitions.pop(schemas[0]["$ref"].removeprefix("#/$defs/"))
    version = {
        "title": "Version of the settings",
        "description": "The version that these settings were written for; older ones are upgraded.",
        "type": "integer",
        "minimum": 1,
        "maximum": plugin.settings_version,
        "default": plugin.settings_version,
    }
    return {**own, "title": plugin.title, "properties": {VERSION_KEY: version, **own["properties"]}}
