"""A plugin's settings, from what a file says to the plugin's own Struct: upgraded step by step, then converted.

What is stored are the settings as written with their version, so that a plugin can be upgraded, and set back.
"""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import Enum
from pkgutil import resolve_name
from typing import Any

import msgspec
from msgspec import Struct

from frontage.base.errors import FrontageError
from frontage.host.spelling import did_you_mean
from frontage.plugin.declaration import Plugin

_LARGEST_INTEGER = 2**63 - 1
_LARGEST_EXACT_FLOAT = 2.0**53


@dataclass(frozen=True, slots=True)
class WrongSetting:
    """One setting that a plugin refuses; `key` is its dotted path, empty for the whole table."""

    key: str
    value: object
    expected: str
    fix: str

    def __str__(self) -> str:
        return f"{self.key or 'settings'}: expected {self.expected}. {self.fix}"


class SettingsError(FrontageError):
    """A plugin's settings that it cannot read, with every wrong one."""

    def __init__(self, wrong: list[WrongSetting]) -> None:
        super().__init__("\n".join(str(one) for one in wrong))
        self.wrong = wrong


def decode_settings(plugin: Plugin, settings: Mapping[str, Any], version: int) -> Struct:
    """The plugin's settings Struct, from settings that were written for `version`."""
    current = _upgrade(plugin, settings, version)
    wrong = list(_wrong_settings(current, plugin.settings))
    if wrong:
        raise SettingsError(wrong)
    try:
        return msgspec.convert(current, plugin.settings)
    except msgspec.ValidationError as error:
        raise SettingsError([_wrong_whole(error)]) from error


def storable(value: Any, key: str = "") -> tuple[Any, list[WrongSetting]]:
    """A value of a TOML file as both databases keep it: dates as text, and nothing that JSON cannot hold."""
    match value:
        case dict():
            members = {name: storable(member, _join(key, name)) for name, member in value.items()}
            wrong = [one for _, wrong in members.values() for one in wrong]
            wrong += [_with_nul(_join(key, name), name) for name in members if "\0" in name]
            return {name: member for name, (member, _) in members.items()}, wrong
        case list():
            items = [storable(item, f"{key}[{index}]") for index, item in enumerate(value)]
            return [item for item, _ in items], [one for _, wrong in items for one in wrong]
        case datetime() | date() | time():
            return value.isoformat(), []
        case str():
            return value, [_with_nul(key, value)] if "\0" in value else []
        case float():
            return value + 0.0, _wrong_float(key, value)  # the sum turns -0.0, which PostgreSQL does not keep, into 0.0
        case bool() | int():
            return value, _wrong_integer(key, value)
    raise AssertionError(value)


def _with_nul(key: str, value: str) -> WrongSetting:
    return WrongSetting(key, value, "a text without NUL characters", "Remove them.")


def _wrong_float(key: str, value: float) -> list[WrongSetting]:
    if abs(value) < _LARGEST_EXACT_FLOAT:  # false for infinity and for what is no number, too
        return []
    return [WrongSetting(key, value, "a finite number smaller than 2**53", "Write a smaller number.")]


def _wrong_integer(key: str, value: int) -> list[WrongSetting]:
    if abs(value) <= _LARGEST_INTEGER:
        return []
    return [WrongSetting(key, value, "an integer of 64 bits", "Write a smaller number.")]


def _upgrade(plugin: Plugin, settings: Mapping[str, Any], version: int) -> dict[str, Any]:
    newest = plugin.settings_version
    if version > newest:
        fix = f"Install the {plugin.slug} that wrote them, or write the settings for version {newest}."
        raise SettingsError([WrongSetting("settings_version", version, f"at most {newest}", fix)])
    current = deepcopy(dict(settings))
    if version == newest:
        return current
    if plugin.upgrade_settings is None:
        fix = f"Write the settings for version {newest}: this plugin upgrades none."
        raise SettingsError([WrongSetting("settings_version", version, f"{newest}", fix)])
    for step in range(version, newest):
        current = _upgrade_once(plugin, plugin.upgrade_settings, step, current)
    return current


def _upgrade_once(plugin: Plugin, function: str, version: int, settings: dict[str, Any]) -> dict[str, Any]:
    try:
        upgrade: Callable[[int, dict[str, Any]], object] = resolve_name(function)
        upgraded = upgrade(version, settings)
    except Exception as error:  # the plugin's own code, which may raise anything
        reason = f"{type(error).__name__}: {error}"
        fix = f"Write the settings for version {plugin.settings_version}; {function} failed with {reason}"
        raise SettingsError(
            [WrongSetting("settings_version", version, "settings that can be upgraded", fix)]
        ) from error
    if not isinstance(upgraded, dict):
        fix = f"Write the settings for version {plugin.settings_version}; {function} gave no dict."
        raise SettingsError([WrongSetting("settings_version", version, "settings that can be upgraded", fix)])
    return upgraded


def _wrong_settings(settings: Mapping[str, Any], struct: type[Struct], prefix: str = "") -> Iterator[WrongSetting]:
    """Every wrong field; msgspec stops at the first, so each is converted by itself."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    tag = struct.__struct_config__.tag_field
    for key, value in settings.items():
        path = _join(prefix, key)
        if key in fields:
            yield from _wrong_field(value, fields[key], path)
        elif key != tag:
            yield _unknown(path, value, key, fields)
    for key, field in fields.items():
        if field.required and key not in settings:
            yield WrongSetting(_join(prefix, key), None, f"a value for {key}", f"Write {key} = …")


def _wrong_field(value: Any, field: msgspec.structs.FieldInfo, path: str) -> Iterator[WrongSetting]:
    kind = field.type
    if isinstance(kind, type) and issubclass(kind, Struct) and isinstance(value, dict):
        yield from _wrong_settings(value, kind, path)
        return
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        message, _, below = str(error).partition(" - at `$")
        yield WrongSetting(path + below.rstrip("`"), value, _expected(message, kind), _fix(field))


def _wrong_whole(error: msgspec.ValidationError) -> WrongSetting:
    message, _, below = str(error).partition(" - at `$")
    expected = f"settings that go together ({message})"
    return WrongSetting(below.strip(".`"), "…", expected, "Change one of them.")


def _unknown(path: str, value: object, key: str, known: Mapping[str, object]) -> WrongSetting:
    expected = f"one of {', '.join(known)}" if known else "no settings, this plugin has none"
    return WrongSetting(path, value, expected, did_you_mean(key, known, otherwise="Remove it."))


def _expected(message: str, kind: Any) -> str:
    choices = _choices(msgspec.inspect.type_info(kind))
    if choices:
        return f"one of {', '.join(repr(choice) for choice in choices)}"
    return message.removeprefix("Expected ") if message.startswith("Expected ") else f"another value ({message})"


def _choices(kind: msgspec.inspect.Type) -> list[object]:
    match kind:
        case msgspec.inspect.Metadata(type=inner):
            return _choices(inner)
        case msgspec.inspect.LiteralType(values=values):
            return list(values)
        case msgspec.inspect.EnumType(cls=cls):
            return [member.value for member in cls if isinstance(member, Enum)]
    return []


def _fix(field: msgspec.structs.FieldInfo) -> str:
    if field.default is msgspec.NODEFAULT:
        return "Mend the value, or leave the key out for its default."
    return f"Mend the value, or leave the key out for its default, {msgspec.to_builtins(field.default)!r}."


def _join(prefix: str, key: str) -> str:
    return f"{prefix}.{key}" if prefix else key
