"""Rules about what a plugin declares."""

from collections.abc import Iterator
from importlib import metadata
from itertools import product

from litestar.handlers import HTTPRouteHandler
from packaging.version import Version

from frontage.edge.hot import HotRoute
from frontage.edge.sources import TenantSource
from frontage.host.claims import RESERVED, clash, is_claim, is_covered
from frontage.host.plugin_settings import SettingsError, decode_settings
from frontage.host.spelling import did_you_mean
from frontage.host.vetting import PLATFORM, platform_requirements
from frontage.testing.judging import NEVER_EXEMPT, is_reason
from frontage.testing.rule import Finding, rule
from frontage.testing.subject import Subject, named_gates

_UNKNOWN_KEY = "a-key-that-nobody-declares"


@rule(
    "loads",
    "It is installed once, can be imported, and the host takes it into service.",
    reason="A plugin that does not load answers 503 on all of its paths.",
)
def loads(subject: Subject) -> Iterator[Finding]:
    """Ask the host how far it comes."""
    if not subject.candidates:
        known = ", ".join(candidate.slug for candidate in subject.installed) or "none"
        fix = "Install its package (pip install -e .), or mend the slug in the test class."
        yield Finding(f"No plugin {subject.slug!r} is installed; installed: {known}.", fix)
    elif not subject.loaded.serves:
        entry = subject.loaded
        yield Finding(f"{entry.stage.value}: {entry.reason}", "Mend what the reason names.")


@rule(
    "exemptions-explained",
    "Its pyproject.toml exempts it from no rule without a reason, and from none that does not exist.",
    reason="Whoever reads a report must be able to judge what was left out of it.",
)
def exemptions_explained(subject: Subject) -> Iterator[Finding]:
    """Look at `[tool.frontage.contract.exempt]`."""
    from frontage.testing.contract_rules import DECLARED_RULES, SERVED_RULES

    known = {one.id for one in (*DECLARED_RULES, *SERVED_RULES)} - NEVER_EXEMPT
    for name, words in subject.project.exempt.items():
        if name not in known:
            yield Finding(f"It is exempted from {name!r}.", did_you_mean(name, known, otherwise="Remove the line."))
        elif not is_reason(words):
            yield Finding(f"It is exempted from {name} without a reason.", "Say why the rule cannot hold here.")


@rule(
    "requires-major",
    "It requires the platform, in any version of the major that it was made for, and in none of the next.",
    reason="frontage.plugin follows semver: a narrower bound keeps operators from upgrading, a wider one breaks them.",
)
def requires_major(subject: Subject) -> Iterator[Finding]:
    """Try its requirement on versions of the platform around this one."""
    here = Version(metadata.version(PLATFORM))
    ahead, after = f"{here.major}.{here.minor + 999}", f"{here.major + 1}.0"
    fix = f'Write dependencies = ["{PLATFORM}>={here.major},<{here.major + 1}"].'
    requirements = list(platform_requirements(subject.candidate))
    if not requirements:
        yield Finding("It does not say that it needs the platform.", fix)
        return
    for told, wanted in ((ahead, True), (after, False)):
        if all(one.specifier.contains(told, prereleases=True) for one in requirements) is not wanted:
            yield Finding(f"It {'refuses' if wanted else 'takes'} {PLATFORM} {told}.", fix)


@rule(
    "routes-declare",
    "Every route declares its tenant, its limit and its off-answer.",
    reason="A route that leaves one out would serve everybody, without bound, also where the plugin is off.",
)
def routes_declare(subject: Subject) -> Iterator[Finding]:
    """Look at the gate of each route."""
    fix = "Declare it with get, post, put, patch, delete or hot of frontage.plugin, and give it all three."
    for route in subject.routes:
        if not isinstance(route, HotRoute | HTTPRouteHandler):
            yield Finding(f"{route!r} is no route.", fix)
    for method, path, gate in named_gates(subject.routes):
        if gate is None:
            yield Finding(f"{method} {path} declares none of them.", fix)
        elif not isinstance(gate.source, TenantSource):
            yield Finding(f"{method} {path} has {gate.source!r} for its tenant.", "Name the scope: secret_key('…').")
        elif not callable(gate.off):
            yield Finding(f"{method} {path} has {gate.off!r} for its off-answer.", "Give it a function, or not_found.")


@rule(
    "claims-cover",
    "Its claims cover all of its routes, and none of them belongs to the platform or to another plugin.",
    reason="By its claims the host knows whose path it is, before any code of the plugin runs.",
)
def claims_cover(subject: Subject) -> Iterator[Finding]:
    """Hold claims and routes against each other."""
    claims = subject.plugin.paths
    for claim in claims:
        if not is_claim(claim):
            yield Finding(f"It claims {claim!r}.", "Claim an absolute path that begins with a fixed segment.")
            continue
        for reserved in filter(lambda path: clash(claim, path), RESERVED):
            yield Finding(f"It claims {claim}, but {reserved} is the platform's.", "Serve under a prefix of its own.")
    right = [claim for claim in claims if is_claim(claim)]
    for claim, other in product(right, subject.others):
        for theirs in other.paths:
            if clash(claim, theirs):
                yield Finding(
                    f"It claims {claim}, but {other.slug} claims {theirs}.", "Serve under a prefix of its own."
                )
    for path in sorted({path for _, path, _ in named_gates(subject.routes) if not is_covered(right, path)}):
        yield Finding(f"It serves {path}, which no claim covers.", "Add its prefix to paths=(…).")


@rule(
    "settings-read",
    "Its settings are valid when a tenant sets nothing, and refuse a key that they do not know.",
    reason="Turning a plugin on takes one line of a tenant's file, and a misspelt key must not be silently ignored.",
)
def settings_read(subject: Subject) -> Iterator[Finding]:
    """Read an empty table, and one with an unknown key."""
    plugin = subject.plugin
    try:
        decode_settings(plugin, {}, plugin.settings_version)
    except (SettingsError, TypeError) as error:
        yield Finding(f"Nothing set is not valid: {error}", "Give every setting a default.")
    if not plugin.settings.__struct_config__.forbid_unknown_fields:
        fix = f"Declare {plugin.settings.__name__} with forbid_unknown_fields=True."
        yield Finding(f"{plugin.settings.__name__} takes the key {_UNKNOWN_KEY}.", fix)


@rule(
    "settings-upgrade",
    "Settings of every older version can be upgraded, step by step, to settings that are valid today.",
    reason="Tenants' files and stored settings are older than the plugin that reads them.",
)
def settings_upgrade(subject: Subject) -> Iterator[Finding]:
    """Upgrade from every version that ever was."""
    plugin = subject.plugin
    for version in range(1, plugin.settings_version):
        try:
            decode_settings(plugin, {}, version)
        except (SettingsError, TypeError) as error:
            fix = f"Let upgrade_settings take every version from 1 to {plugin.settings_version - 1} one further."
            yield Finding(f"Settings of version {version} cannot be read: {error}", fix)
