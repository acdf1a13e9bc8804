"""What is wrong with a plugin is told before its routes are loaded, all at once, with who and how to mend it."""

from datetime import timedelta
from importlib.metadata import EntryPoint

import pytest
from msgspec import Struct

from frontage.host.discovery import Candidate
from frontage.host.errors import PluginError, Stage
from frontage.host.vetting import vet_declaration, vet_metadata
from frontage.plugin import TENANT, Job, Plugin, Policy

PLATFORM = "1.4.0"


def candidate(slug="tidy", *requires):
    point = EntryPoint(slug, "frontage_tidy.plugin:plugin", "frontage.plugins")
    return Candidate(slug, point, "frontage-tidy", "1.0.0", requires)


class Fine(Struct, forbid_unknown_fields=True, frozen=True):
    a: int = 1


class Demanding(Struct, forbid_unknown_fields=True, frozen=True):
    a: int


class Careless(Struct, frozen=True):
    a: int = 1


class NoStruct:
    pass


@pytest.mark.parametrize(
    "requires",
    [
        pytest.param([], id="nothing"),
        pytest.param(["frontage"], id="any version"),
        pytest.param(["frontage>=1,<2", "numpy>=1"], id="this one among others"),
        pytest.param(["frontage<1; python_version < '3.0'"], id="a marker that does not hold here"),
        pytest.param(["frontage[testing]>=9; extra == 'test'"], id="an extra that nobody asked for"),
        pytest.param(["frontage==1.4.*"], id="a wildcard"),
        pytest.param(["frontage-other>=9"], id="another distribution"),
    ],
)
def test_a_plugin_that_this_platform_satisfies_passes(requires):
    vet_metadata(candidate("tidy", *requires), PLATFORM)


@pytest.mark.parametrize(
    "requires",
    [
        pytest.param(["frontage>=2"], id="newer"),
        pytest.param(["frontage<1.4"], id="older"),
        pytest.param(["numpy", "frontage>=2"], id="after another"),
        pytest.param(["frontage>=1", "frontage<1.2"], id="the second of two"),
        pytest.param(["Frontage>=2"], id="another spelling of the name"),
        pytest.param(["frontage>=2; python_version >= '3.0'"], id="a marker that holds"),
        pytest.param(["frontage[testing]>=2"], id="an extra of ours"),
    ],
)
def test_a_plugin_for_another_platform_is_incompatible(requires):
    with pytest.raises(PluginError, match=r"frontage-tidy 1\.0\.0 needs .*this is frontage 1\.4\.0; install") as caught:
        vet_metadata(candidate("tidy", *requires), PLATFORM)
    assert caught.value.stage is Stage.INCOMPATIBLE


@pytest.mark.parametrize("text", ["frontage >>> 1", "frontage (", "frontage; nonsense == 1", ""])
def test_an_unreadable_requirement_is_incompatible_and_shown(text):
    with pytest.raises(PluginError, match="is unreadable") as caught:
        vet_metadata(candidate("tidy", text), PLATFORM)
    assert caught.value.stage is Stage.INCOMPATIBLE
    assert repr(text) in caught.value.detail


@pytest.mark.parametrize("slug", ["Tidy", "tidy_up", "9lives", "-tidy", "tidy-", "a--b", "tidy up", "core", "intake"])
def test_an_entry_point_with_a_name_that_cannot_be_a_slug_is_refused(slug):
    with pytest.raises(PluginError, match="entry point is named") as caught:
        vet_metadata(candidate(slug), PLATFORM)
    assert caught.value.stage is Stage.REFUSED


def declared(**words):
    return Plugin(**{"slug": "tidy", "title": "Tidy", "paths": ("/tidy",), **words})


@pytest.mark.parametrize(
    "plugin",
    [
        declared(),
        declared(paths=()),
        declared(settings=Fine, settings_version=2, upgrade_settings="frontage_tidy:upgrade"),
        declared(policies={"stamp": Policy("5;w=60", per=(TENANT,))}, scopes={"tidy:read": "Read."}, schemas=("Tidy",)),
        declared(jobs=(Job("sweep", timedelta(hours=1), "frontage_tidy:sweep"),)),
    ],
    ids=["the least", "no path", "settings", "policies, scopes and schemas", "a job"],
)
def test_a_right_declaration_passes(plugin):
    assert vet_declaration(candidate(), plugin) is plugin


@pytest.mark.parametrize(
    "thing", [None, {"slug": "tidy"}, Plugin, "tidy"], ids=["None", "a dict", "the class", "a text"]
)
def test_what_is_no_declaration_is_refused_by_the_name_of_its_entry_point(thing):
    with pytest.raises(PluginError, match=r"frontage_tidy\.plugin:plugin is no frontage\.plugin\.Plugin") as caught:
        vet_declaration(candidate(), thing)
    assert caught.value.stage is Stage.REFUSED


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        pytest.param({"slug": "tidier"}, "its slug is 'tidier' but its entry point is named 'tidy'", id="another slug"),
        pytest.param({"routes": "a:b", "paths": ()}, "has routes but claims no path", id="routes without a path"),
        pytest.param({"paths": ("tidy",)}, "claims 'tidy'", id="a relative path"),
        pytest.param({"paths": ("/tidy/",)}, "claims '/tidy/'", id="a slash at the end"),
        pytest.param({"paths": ("/",)}, "claims '/'", id="everything"),
        pytest.param({"paths": ("/{x}",)}, "claims '/{x}'", id="everything by a wildcard"),
        pytest.param({"paths": ("/health/mine",)}, "/health belongs to the platform", id="below a reserved path"),
        pytest.param({"paths": ("/account",)}, "/account belongs to the platform", id="a reserved path"),
        pytest.param({"scopes": {"tidy": "Read."}}, "scope 'tidy' must look like", id="a scope without a colon"),
        pytest.param({"policies": {"secret": Policy("5;w=60", per=())}}, "policy 'secret'", id="a policy of keys"),
        pytest.param({"policies": {"A b": Policy("5;w=60", per=())}}, "policy 'A b'", id="a policy with a blank"),
        pytest.param({"schemas": ("Problem",)}, "schema name Problem, which belongs", id="a schema of the platform"),
        pytest.param({"settings": Demanding}, "give every field a default", id="settings without defaults"),
        pytest.param({"settings": Careless}, "Careless take unknown keys", id="settings that take anything"),
        pytest.param({"settings_version": 0}, "settings_version begins at 1", id="version 0"),
        pytest.param({"settings_version": 2}, "names no upgrade_settings", id="a version without an upgrade"),
        pytest.param({"slug": 5}, "slug, title and every name of a module must be texts", id="a number for a slug"),
        pytest.param({"routes": ["a:b"]}, "every name of a module must be texts", id="a list for a module"),
        pytest.param({"paths": "/tidy"}, "paths and schemas must be tuples", id="a text for paths"),
        pytest.param({"paths": (5,)}, "paths and schemas must be tuples of texts", id="a number for a path"),
        pytest.param({"schemas": None}, "paths and schemas must be tuples", id="None for schemas"),
        pytest.param({"settings": NoStruct}, "settings must be a msgspec.Struct", id="a class that is no Struct"),
        pytest.param({"settings": Fine()}, "settings must be a msgspec.Struct", id="settings instead of their class"),
        pytest.param({"settings_version": "1"}, "settings_version must be a whole number", id="a text for a version"),
        pytest.param({"policies": {"a": "5;w=60"}}, "names to Policy", id="a text for a policy"),
        pytest.param({"scopes": ("tidy:read",)}, "names to sentences", id="a tuple for scopes"),
        pytest.param({"jobs": None}, "jobs must be a tuple of Job", id="None for jobs"),
        pytest.param({"jobs": ("sweep",)}, "jobs must be a tuple of Job", id="a text for a job"),
    ],
)
def test_a_wrong_declaration_is_refused_with_its_reason(words, reason):
    with pytest.raises(PluginError) as caught:
        vet_declaration(candidate(), declared(**words))
    assert caught.value.stage is Stage.REFUSED
    assert reason in caught.value.detail


def test_all_that_is_wrong_is_told_at_once():
    wrong = declared(slug="other", paths=("/schema", "x"), scopes={"a": "b"}, settings=Careless)
    with pytest.raises(PluginError) as caught:
        vet_declaration(candidate(), wrong)
    assert len(caught.value.detail.split("; ")) >= 5


def test_policies_with_equal_quotas_cannot_even_be_written():
    """A client could not tell two such windows apart."""
    with pytest.raises(ValueError, match="different quotas"):
        Policy(["5;w=60", "5;w=3600"], per=())
