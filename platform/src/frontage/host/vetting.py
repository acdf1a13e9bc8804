"""Vetting: what must be true of a plugin before its routes are loaded, each refusal naming who and how to mend it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from frontage.edge.reserved import KEY_POLICIES, OWN_SCHEMAS
from frontage.host.claims import RESERVED, clash, is_claim
from frontage.host.discovery import Candidate
from frontage.host.errors import PluginError, Stage
from frontage.plugin.declaration import Job, Plugin
from frontage.tenants.policy import Policy

PLATFORM = "frontage"
_SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_SCOPE = re.compile(r"[a-z][a-z0-9-]*:[a-z][a-z0-9-]*")
RESERVED_SLUGS = frozenset({"core", "intake", "platform"})
"""What the platform's own tables begin with."""


def is_slug(text: str) -> bool:
    """Whether a plugin can be called this: lower-case words joined by hyphens."""
    return _SLUG.fullmatch(text) is not None


def vet_metadata(candidate: Candidate, platform_version: str) -> None:
    """Refuse what its package metadata already tells: a name that cannot be, a platform that is not this one."""
    if not is_slug(candidate.slug) or candidate.slug in RESERVED_SLUGS:
        raise PluginError(
            Stage.REFUSED, f"its entry point is named {candidate.slug!r}; use lower-case words joined by hyphens"
        )
    for requirement in platform_requirements(candidate):
        if not requirement.specifier.contains(Version(platform_version), prereleases=True):
            raise PluginError(
                Stage.INCOMPATIBLE,
                f"{candidate.distribution} {candidate.version} needs {requirement}, this is {PLATFORM} "
                f"{platform_version}; install a version of {candidate.distribution} made for it",
            )


def platform_requirements(candidate: Candidate) -> Iterator[Requirement]:
    """What a plugin's package asks of the platform's version."""
    for text in candidate.requires:
        try:
            requirement = Requirement(text)
        except InvalidRequirement as error:
            raise PluginError(Stage.INCOMPATIBLE, f"its requirement {text!r} is unreadable: {error}") from None
        applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if canonicalize_name(requirement.name) == PLATFORM and applies:
            yield requirement


def vet_declaration(candidate: Candidate, plugin: object) -> Plugin:
    """Refuse a declaration that contradicts itself or its package; all that is wrong is told at once."""
    if not isinstance(plugin, Plugin):
        raise PluginError(Stage.REFUSED, f"{candidate.entry_point.value} is no frontage.plugin.Plugin")
    # What has the wrong type cannot be looked into any further.
    wrong = list(_wrong_types(plugin)) or list(_wrong(candidate, plugin))
    if wrong:
        raise PluginError(Stage.REFUSED, "; ".join(wrong))
    return plugin


def _wrong_types(plugin: Plugin) -> Iterator[str]:
    right = {
        "slug, title and every name of a module must be texts": _all(str, _names(plugin)),
        "paths and schemas must be tuples of texts": _texts(plugin.paths) and _texts(plugin.schemas),
        "settings must be a msgspec.Struct": isinstance(plugin.settings, type) and issubclass(plugin.settings, Struct),
        "settings_version must be a whole number": type(plugin.settings_version) is int,
        "policies must be a mapping of names to Policy": _named(plugin.policies, Policy),
        "scopes must be a mapping of names to sentences": _named(plugin.scopes, str),
        "jobs must be a tuple of Job": isinstance(plugin.jobs, tuple) and _all(Job, plugin.jobs),
    }
    yield from (f"its {rule}" for rule, holds in right.items() if not holds)


def _names(plugin: Plugin) -> Iterator[object]:
    yield from (plugin.slug, plugin.title)
    optional = (
        "upgrade_settings", "routes", "models", "migrations", "streams", "assets", "commands", "start", "stop", "demo",
        "showcase",
    )  # fmt: skip
    yield from (name for field in optional if (name := getattr(plugin, field)) is not None)


def _all(kind: type, values: Iterable[object]) -> bool:
    return all(isinstance(value, kind) for value in values)


def _texts(value: Any) -> bool:
    return isinstance(value, tuple) and _all(str, value)


def _named(value: Any, kind: type) -> bool:
    return isinstance(value, Mapping) and _all(str, value) and _all(kind, value.values())


def _wrong(candidate: Candidate, plugin: Plugin) -> Iterator[str]:
    if plugin.slug != candidate.slug:
        yield f"its slug is {plugin.slug!r} but its entry point is named {candidate.slug!r}; make them the same"
    if plugin.routes is not None and not plugin.paths:
        yield "it has routes but claims no path; list the prefixes in paths=(…)"
    yield from _wrong_claims(plugin)
    for scope in plugin.scopes:
        if not _SCOPE.fullmatch(scope):
            yield f"its scope {scope!r} must look like 'places:read'"
    for name in plugin.policies:
        if not is_slug(name) or name in KEY_POLICIES:
            yield f"its policy {name!r} must be a lower-case word other than {' and '.join(sorted(KEY_POLICIES))}"
    for name in sorted(OWN_SCHEMAS.intersection(plugin.schemas)):
        yield f"it claims the schema name {name}, which belongs to the platform"
    yield from _wrong_settings(plugin)


def _wrong_claims(plugin: Plugin) -> Iterator[str]:
    for path in plugin.paths:
        if not is_claim(path):
            yield f"it claims {path!r}; a claim is an absolute path, its first segment fixed, no slash at its end"
        for reserved in RESERVED:
            if clash(path, reserved):
                yield f"it claims {path}, but {reserved} belongs to the platform"


def _wrong_settings(plugin: Plugin) -> Iterator[str]:
    try:
        msgspec.convert({}, plugin.settings)
    except (TypeError, msgspec.ValidationError) as error:
        yield f"its settings cannot be read from an empty table: {error}; give every field a default"
        return
    if not plugin.settings.__struct_config__.forbid_unknown_fields:
        yield f"its settings {plugin.settings.__name__} take unknown keys; declare it with forbid_unknown_fields=True"
    if plugin.settings_version < 1:
        yield "its settings_version begins at 1"
    if plugin.settings_version > 1 and plugin.upgrade_settings is None:
        yield f"its settings are at version {plugin.settings_version} but it names no upgrade_settings"
