"""One tenant's file, already parsed: every value judged, every mistake kept, and the tenant that it describes."""

import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from frontage.base.errors import Mistake
from frontage.base.ids import parse_id
from frontage.host.plugin_settings import SettingsError, decode_settings, storable
from frontage.host.spelling import closest, did_you_mean
from frontage.plugin.declaration import Plugin
from frontage.tenants.currency import CURRENCIES
from frontage.tenants.definition import PluginDefinition, TenantDefinition
from frontage.tenants.policy import PolicyFormatError, format_windows, parse_windows
from frontage.tenants.tenant import LARGEST_NUMBER, PRIVACY_SIGNALS

KEYS = ("id", "name", "number", "timezone", "currency", "status", "privacy_signals", "policies", "plugins")
STATUSES = ("active", "suspended")
KEY_POLICIES = ("secret", "publishable")
VERSION_KEY = "settings_version"
LONGEST_NAME = 200
_DEFAULTS = TenantDefinition(slug="", number=0, name="")
_NO_PLACES = {"Factory", "localtime", "posixrules"}


@dataclass(frozen=True, slots=True)
class Installed:
    """The plugins that files may name; of `unreadable` ones nothing is known but that they are there."""

    plugins: Mapping[str, Plugin]
    unreadable: Collection[str] = ()

    @property
    def slugs(self) -> list[str]:
        """Every plugin that may be turned on."""
        return sorted({*self.plugins, *self.unreadable})

    @property
    def policies(self) -> list[str]:
        """Every policy that may be overridden."""
        return [*KEY_POLICIES, *sorted(name for plugin in self.plugins.values() for name in plugin.full_policies)]

    def knows_policy(self, name: str) -> bool:
        """Whether a policy of this name may be overridden."""
        return name in self.policies or name.partition(".")[0] in self.unreadable


class TenantDocument:
    """Reads one file's document; afterwards `mistakes` holds everything that is wrong with it."""

    def __init__(self, where: str, slug: str, document: Mapping[str, Any], installed: Installed) -> None:
        self.mistakes: list[Mistake] = []
        self._where = where
        self._slug = slug
        self._document = document
        self._installed = installed

    def read(self, free: Iterator[int], own_number: int | None) -> TenantDefinition | None:
        """The tenant, with defaults in place of wrong values; None without a number, by which conflicts are found."""
        self._refuse_unknown_keys()
        identifier = self._id()
        name = self._name()
        number = self._number(free, own_number)
        rest: dict[str, Any] = {
            "timezone": self._timezone(),
            "currency": self._currency(),
            "status": self._choice("status", STATUSES),
            "privacy_signals": self._choice("privacy_signals", PRIVACY_SIGNALS),
            "policies": self._policies(),
            "plugins": self._plugins(),
        }
        if number is None:
            return None
        return TenantDefinition(slug=self._slug, id=identifier, name=name, number=number, **rest)

    def _wrong(self, key: str, value: object, expected: str, fix: str) -> None:
        self.mistakes.append(Mistake(self._where, key, value, expected, fix))

    def _refuse_unknown_keys(self) -> None:
        for key in self._document:
            if key not in KEYS:
                fix = did_you_mean(key, KEYS, otherwise="Remove it; a plugin's settings belong under [plugins.<slug>].")
                self._wrong(key, self._document[key], f"one of {', '.join(KEYS)}", fix)

    def _text(self, key: str, expected: str, is_right: Callable[[str], bool], fix: Callable[[str], str]) -> str:
        """The text under `key` when it is right, else its default; `fix` is given what was written."""
        value = self._document.get(key)
        default = str(getattr(_DEFAULTS, key))
        if isinstance(value, str) and is_right(value):
            return value
        if value is not None or not default:
            self._wrong(key, value, expected, fix(value if isinstance(value, str) else ""))
        return default

    def _id(self) -> UUID | None:
        value = self._document.get("id")
        identifier = parse_id(value) if isinstance(value, str) else None
        if value is None or (identifier is not None and identifier.int):
            return identifier
        expected = "the tenant's id: a shortuuid of 22 characters or a UUID, and not the nil one"
        self._wrong("id", value, expected, "Leave it out: one is made, and `frontage tenants show` tells it.")
        return None

    def _name(self) -> str:
        expected = f"what people call the shop: 1 to {LONGEST_NAME} characters on one line"
        return self._text("name", expected, _is_name, lambda _: f'Write name = "{self._slug.title()}", in quotes.')

    def _number(self, free: Iterator[int], own_number: int | None) -> int | None:
        value = self._document.get("number")
        if type(value) is int and 1 <= value <= LARGEST_NUMBER:
            return value
        if own_number is None:
            fix = f"The next free number is {next(free)}: write it without quotes."
        else:
            fix = f"This tenant has {own_number}: number = {own_number}."
        self._wrong("number", value, f"the tenant's number, 1 to {LARGEST_NUMBER}, its own for ever", fix)
        return None

    def _timezone(self) -> str:
        return self._text("timezone", "a time zone such as Europe/Berlin", _time_zones().__contains__, _time_zone_fix)

    def _currency(self) -> str:
        return self._text("currency", "a code of ISO 4217 such as EUR", CURRENCIES.__contains__, _currency_fix)

    def _choice(self, key: str, choices: Collection[str]) -> str:
        default = getattr(_DEFAULTS, key)
        otherwise = f'Leave it out for "{default}".'
        expected = f"one of {', '.join(choices)}"
        return self._text(key, expected, choices.__contains__, lambda word: did_you_mean(word, choices, otherwise))

    def _table(self, key: str) -> dict[str, Any]:
        value = self._document.get(key, {})
        if isinstance(value, dict):
            return value
        self._wrong(key, value, "a table", f"Begin it with [{key}] on a line of its own.")
        return {}

    def _policies(self) -> dict[str, str]:
        known = self._installed.policies
        policies = {}
        for name, value in _dotted(self._table("policies")):
            key = f"policies.{name}"
            if not self._installed.knows_policy(name):
                fix = did_you_mean(name, known, otherwise="Remove it, or install its plugin.")
                self._wrong(key, value, f"one of {', '.join(known)}", fix)
            elif (windows := self._windows(key, value)) is not None:
                policies[name] = windows
        return policies

    def _windows(self, key: str, value: Any) -> str | None:
        texts = [value] if isinstance(value, str) else value
        expected = 'windows such as "300;w=60", or a list of such'
        if isinstance(texts, list) and all(isinstance(text, str) for text in texts):
            try:
                return format_windows(parse_windows(texts))
            except PolicyFormatError as error:
                expected = str(error)
        self._wrong(key, value, expected, 'Write "100;w=60" for 100 requests in any 60 seconds.')
        return None

    def _plugins(self) -> dict[str, PluginDefinition]:
        slugs = self._installed.slugs
        plugins = {}
        for slug, table in self._table("plugins").items():
            key = f"plugins.{slug}"
            if slug not in slugs:
                installed = f"an installed plugin: {', '.join(slugs)}" if slugs else "no plugin: none is installed"
                fix = did_you_mean(slug, slugs, otherwise=f"Install it, or remove [{key}].")
                self._wrong(key, slug, installed, fix)
            elif not isinstance(table, dict):
                self._wrong(
                    key, table, "a table of settings", f"Write [{key}] on a line of its own; leave it out for off."
                )
            else:
                plugins[slug] = self._settings(slug, table)
        return plugins

    def _settings(self, slug: str, table: dict[str, Any]) -> PluginDefinition:
        plugin = self._installed.plugins.get(slug)
        newest = plugin.settings_version if plugin else 1
        settings, wrong = storable({key: value for key, value in table.items() if key != VERSION_KEY})
        version = table.get(VERSION_KEY, newest)
        hint = ""
        if type(version) is not int or version < 1:
            key = f"plugins.{slug}.{VERSION_KEY}"
            self._wrong(
                key, version, f"the version that these settings were written for, 1 to {newest}", "Leave it out."
            )
            version = newest
        elif VERSION_KEY not in table and newest > 1:
            hint = f" If they were written for an older version, say so: {VERSION_KEY} = {newest - 1}."
        if plugin and not wrong:
            try:
                decode_settings(plugin, settings, version)
            except SettingsError as error:
                wrong = error.wrong
        for one in wrong:
            self._wrong(f"plugins.{slug}.{one.key}".rstrip("."), one.value, one.expected, one.fix + hint)
        return PluginDefinition(settings, version)


def _is_name(text: str) -> bool:
    if any(unicodedata.category(character).startswith("C") for character in text):
        return False
    return text == text.strip() and 1 <= len(text) <= LONGEST_NAME


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones() - _NO_PLACES)


def _time_zone_fix(word: str) -> str:
    cities = [zone for zone in sorted(_time_zones()) if word and zone.casefold().endswith("/" + word.casefold())]
    likely = cities or closest(word.replace(" ", "_"), _time_zones())
    if not likely:
        return f'Leave it out for "{_DEFAULTS.timezone}", or take a name of the IANA time zone database.'
    return f"Did you mean {' or '.join(likely)}?"


def _currency_fix(word: str) -> str:
    if word.upper() in CURRENCIES:
        return f'Write "{word.upper()}".'
    return f'Leave it out for "{_DEFAULTS.currency}", or take one of the codes that schema.json lists.'


def _dotted(table: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The members of a table; `a.b = 1` without quotes, which TOML takes for a table `a`, counts as `"a.b" = 1`."""
    for name, value in table.items():
        if isinstance(value, dict) and value:
            yield from ((f"{name}.{member}", below) for member, below in value.items())
        else:
            yield name, value
