"""A folder of tenant files: what is read, and that every mistake of every file is named with its fix."""

import os
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

import pytest
from msgspec import Meta, Struct

from frontage.base.errors import ConfigurationError
from frontage.host.plugin_settings import SettingsError, decode_settings
from frontage.host.tenant_files import read_directory, read_tenant_files
from frontage.plugin.declaration import Plugin
from frontage.tenants.definition import PluginDefinition, TenantDefinition
from frontage.tenants.policy import Per, Policy


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Opening(Struct, forbid_unknown_fields=True, frozen=True):
    since: date = date(2020, 1, 1)
    hours: Annotated[int, Meta(ge=1, le=24)] = 8


class Settings(Struct, forbid_unknown_fields=True, frozen=True):
    radius: Annotated[float, Meta(gt=0)] = 50.0
    title: Annotated[str, Meta(max_length=8)] = "Stores"
    funnel: bool = False
    unit: Literal["km", "mi"] = "km"
    colour: Colour = Colour.RED
    opening: Opening = Opening()
    openings: list[Opening] = []


class Range(Struct, forbid_unknown_fields=True, frozen=True):
    low: int = 1
    high: int = 2

    def __post_init__(self):
        if self.low > self.high:
            raise ValueError("low is above high")


def upgrade(version, settings):
    if "explode" in settings:
        raise RuntimeError("no such radius")
    if "forget" in settings:
        return None
    if version == 1:  # metres became kilometres
        return {**settings, "radius": settings.pop("radius", 50_000) / 1000}
    return {("funnel" if key == "count" else key): value for key, value in settings.items()}


LOCATOR = Plugin(
    slug="store-locator",
    title="Store locator",
    paths=("/locations",),
    settings=Settings,
    settings_version=3,
    upgrade_settings=f"{__name__}:upgrade",
    policies={"visitor": Policy("60;w=60", per=(Per.KEY, Per.ADDRESS))},
)
BEACON = Plugin(slug="beacon", title="Beacon", paths=("/beacon",), settings_version=2)
RANGE = Plugin(slug="range", title="Range", paths=("/range",), settings=Range)
PLUGINS = {plugin.slug: plugin for plugin in (LOCATOR, BEACON, RANGE)}
GOOD = 'name = "Acme"\nnumber = 1\n'


@pytest.fixture(autouse=True)
def _upgrade_can_be_imported(monkeypatch):
    # Under importlib mode a test's module has a name but no place on the path.
    monkeypatch.setattr("frontage.host.plugin_settings.resolve_name", lambda name: upgrade)


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text)
    return folder


def mistakes_of(folder, plugins=PLUGINS):
    with pytest.raises(ConfigurationError) as caught:
        read_tenant_files(folder, plugins)
    return caught.value.mistakes


BROKEN = [
    ("not toml", 'name = "Acme"\nnumber = \n', "line 2", "Mend the line"),
    ("key twice", 'name = "A"\nname = "B"\nnumber = 1\n', "line 2", "Mend the line"),
    ("unclosed", 'name = "Acme"\nnumber = [1,', "line 2", "Mend the line"),
    ("endless number", GOOD + f"id = {'9' * 5000}", "line 3", "Mend the line"),
    ("deep lists", GOOD + f"x = {'[' * 5000}", "nesting", "Flatten it"),
    ("deep keys", GOOD + f"{'a.' * 5000}a = 1", "nesting", "Flatten it"),
    ("name missing", "number = 1", "name", 'Write name = "Acme"'),
    ("name empty", 'name = ""\nnumber = 1', "name", 'Write name = "Acme"'),
    ("name a number", "name = 5\nnumber = 1", "name", 'Write name = "Acme", in quotes'),
    ("name with NUL", 'name = "a\\u0000b"\nnumber = 1', "name", 'Write name = "Acme"'),
    ("name with space around", 'name = " Acme"\nnumber = 1', "name", 'Write name = "Acme"'),
    ("name on two lines", 'name = """a\nb"""\nnumber = 1', "name", 'Write name = "Acme"'),
    ("name too long", f'name = "{"a" * 201}"\nnumber = 1', "name", 'Write name = "Acme"'),
    ("number missing", 'name = "Acme"', "number", "The next free number is 8"),
    ("number a text", 'name = "Acme"\nnumber = "1"', "number", "next free number is 8: write it without quotes"),
    ("number true", 'name = "Acme"\nnumber = true', "number", "next free number is 8"),
    ("number zero", 'name = "Acme"\nnumber = 0', "number", "next free number is 8"),
    ("number a float", 'name = "Acme"\nnumber = 1.0', "number", "next free number is 8"),
    ("number too large", f'name = "Acme"\nnumber = {10**18}', "number", "next free number is "),
    ("number of another", 'name = "Acme"\nnumber = 7', "number", "The next free number is 8"),
    ("unknown key", GOOD + 'curency = "EUR"', "curency", 'Did you mean "currency"?'),
    ("unknown key like none", GOOD + "zzz = 1", "zzz", "Remove it"),
    ("time zone", GOOD + 'timezone = "Europe/Berln"', "timezone", "Europe/Berlin"),
    ("time zone a city", GOOD + 'timezone = "berlin"', "timezone", "Did you mean Europe/Berlin?"),
    ("time zone like none", GOOD + 'timezone = "§§§"', "timezone", 'Leave it out for "UTC"'),
    ("time zone a path", GOOD + 'timezone = "../../etc/passwd"', "timezone", 'Leave it out for "UTC"'),
    ("time zone a number", GOOD + "timezone = 2", "timezone", 'Leave it out for "UTC"'),
    ("currency", GOOD + 'currency = "EURO"', "currency", "codes that schema.json lists"),
    ("currency in lower case", GOOD + 'currency = "eur"', "currency", 'Write "EUR"'),
    ("currency unheard of", GOOD + 'currency = "ABC"', "currency", "codes that schema.json lists"),
    ("status", GOOD + 'status = "suspend"', "status", 'Did you mean "suspended"?'),
    ("status a bool", GOOD + "status = true", "status", 'Leave it out for "active"'),
    ("privacy", GOOD + 'privacy_signals = "anonymize"', "privacy_signals", 'Did you mean "anonymise"?'),
    ("id", GOOD + 'id = "acme"', "id", "Leave it out"),
    ("id nil", GOOD + f'id = "{"2" * 22}"', "id", "Leave it out"),
    ("id overflows", GOOD + f'id = "{"z" * 22}"', "id", "Leave it out"),
    ("id a number", GOOD + "id = 1", "id", "Leave it out"),
    ("policies a text", GOOD + 'policies = "1;w=1"', "policies", "[policies]"),
    (
        "policy unknown",
        GOOD + '[policies]\npublishabel = "1;w=1"',
        "policies.publishabel",
        'Did you mean "publishable"?',
    ),
    ("policy like none", GOOD + '[policies]\n"a.b" = "1;w=1"', "policies.a.b", "install its plugin"),
    ("policy text", GOOD + '[policies]\nsecret = "100/60"', "policies.secret", '"100;w=60"'),
    ("policy quota zero", GOOD + '[policies]\nsecret = "0;w=60"', "policies.secret", '"100;w=60"'),
    ("policy quotas equal", GOOD + '[policies]\nsecret = ["1;w=1", "1;w=2"]', "policies.secret", '"100;w=60"'),
    ("policy empty list", GOOD + "[policies]\nsecret = []", "policies.secret", '"100;w=60"'),
    ("policy a number", GOOD + "[policies]\nsecret = 100", "policies.secret", '"100;w=60"'),
    ("policy list of numbers", GOOD + "[policies]\nsecret = [100]", "policies.secret", '"100;w=60"'),
    ("plugins a list", GOOD + 'plugins = ["beacon"]', "plugins", "[plugins]"),
    ("plugin unknown", GOOD + "[plugins.store-locater]", "plugins.store-locater", 'Did you mean "store-locator"?'),
    ("plugin like none", GOOD + "[plugins.xyz]", "plugins.xyz", "Install it, or remove [plugins.xyz]"),
    ("plugin true", GOOD + "[plugins]\nbeacon = true", "plugins.beacon", "[plugins.beacon]"),
    ("setting unknown", GOOD + "[plugins.store-locator]\nradios = 5", "plugins.store-locator.radios", '"radius"'),
    ("setting of none", GOOD + "[plugins.beacon]\na = 1", "plugins.beacon.a", "Remove it"),
    ("setting type", GOOD + '[plugins.store-locator]\nradius = "5"', "plugins.store-locator.radius", "default, 50.0"),
    ("setting range", GOOD + "[plugins.store-locator]\nradius = 0", "plugins.store-locator.radius", "default, 50.0"),
    ("setting bool", GOOD + "[plugins.store-locator]\nfunnel = 1", "plugins.store-locator.funnel", "default, False"),
    (
        "setting date",
        GOOD + '[plugins.store-locator.opening]\nsince = "x"',
        "plugins.store-locator.opening.since",
        "'2020-01-01'",
    ),
    (
        "setting within",
        GOOD + "[plugins.store-locator.opening]\nhour = 3",
        "plugins.store-locator.opening.hour",
        '"hours"',
    ),
    (
        "setting in a list",
        GOOD + "[[plugins.store-locator.openings]]\nhours = 99",
        "plugins.store-locator.openings[0].hours",
        "leave the key out",
    ),
    ("settings together", GOOD + "[plugins.range]\nlow = 5", "plugins.range", "Change one of them"),
    (
        "setting endlessly small",
        GOOD + "[plugins.store-locator]\nradius = -inf",
        "plugins.store-locator.radius",
        "smaller number",
    ),
    (
        "setting no number",
        GOOD + "[plugins.store-locator]\nradius = nan",
        "plugins.store-locator.radius",
        "smaller number",
    ),
    (
        "setting not finite",
        GOOD + "[plugins.store-locator]\nradius = inf",
        "plugins.store-locator.radius",
        "smaller number",
    ),
    ("setting too large", GOOD + f"[plugins.range]\nhigh = {2**64}", "plugins.range.high", "smaller number"),
    (
        "setting with NUL",
        GOOD + '[plugins.store-locator]\ntitle = "\\u0000"',
        "plugins.store-locator.title",
        "Remove them",
    ),
    (
        "version a text",
        GOOD + '[plugins.beacon]\nsettings_version = "1"',
        "plugins.beacon.settings_version",
        "Leave it out",
    ),
    (
        "version zero",
        GOOD + "[plugins.beacon]\nsettings_version = 0",
        "plugins.beacon.settings_version",
        "Leave it out",
    ),
    (
        "version newer",
        GOOD + "[plugins.beacon]\nsettings_version = 3",
        "plugins.beacon.settings_version",
        "Install the beacon",
    ),
    (
        "version not upgraded",
        GOOD + "[plugins.beacon]\nsettings_version = 1",
        "plugins.beacon.settings_version",
        "Write the settings for version 2",
    ),
    (
        "upgrade raises",
        GOOD + "[plugins.store-locator]\nsettings_version = 1\nexplode = true",
        "plugins.store-locator.settings_version",
        "failed with RuntimeError: no such radius",
    ),
    (
        "upgrade gives nothing",
        GOOD + "[plugins.store-locator]\nsettings_version = 2\nforget = true",
        "plugins.store-locator.settings_version",
        "gave no dict",
    ),
]


@pytest.mark.parametrize(("text", "key", "fix"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_a_broken_file_is_told_with_file_key_and_fix(tmp_path, text, key, fix):
    folder = write(tmp_path, bolt='name = "Bolt"\nnumber = 7', acme=text)
    # A number of a neighbour may stand in either of the two.
    [mistake] = mistakes_of(folder)
    assert mistake.where in {f"{tmp_path}/acme.toml", f"{tmp_path}/bolt.toml"}
    assert mistake.key == key
    assert fix in mistake.fix
    assert len(str(mistake)) < 2000


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD + "[plugins.x]", "beacon, range, store-locator"),
        (GOOD + '[policies]\nx = "1;w=1"', "secret, publishable, store-locator.visitor"),
        (GOOD + "x = 1", "id, name, number, timezone, currency, status, privacy_signals, policies, plugins"),
        (GOOD + 'status = "x"', "active, suspended"),
        (GOOD + "[plugins.store-locator]\nx = 1", "radius, title, funnel"),
        (GOOD + '[plugins.store-locator]\nunit = "ft"', "'km', 'mi'"),
        (GOOD + '[plugins.store-locator]\ncolour = "green"', "'red', 'blue'"),
        (GOOD + '[plugins.store-locator]\ntitle = "much too long"', "`str` of length <= 8"),
        (GOOD + '[policies]\nsecret = ["1;w=1", "1;w=2"]', "windows with different quotas"),
    ],
    ids=["plugin", "policy", "key", "status", "setting", "literal", "enum", "length", "quotas"],
)
def test_what_was_expected_is_told(tmp_path, text, words):
    [mistake] = mistakes_of(write(tmp_path, acme=text))
    assert words in mistake.expected


def test_without_any_plugin_an_unknown_one_says_so(tmp_path):
    [mistake] = mistakes_of(write(tmp_path, acme=GOOD + "[plugins.x]"), plugins={})
    assert "none is installed" in mistake.expected


@pytest.mark.parametrize(
    "name", ["Acme", "1acme", "acme_shop", "a.b", "track", "today", "WmsG2qe2XXxacqiqo2MfnY", "a" * 64, "é", " acme"]
)
def test_a_file_name_that_is_no_slug_is_refused(tmp_path, name):
    [mistake] = mistakes_of(write(tmp_path, **{name: GOOD}))
    assert (mistake.key, mistake.fix) == ("file name", "Rename the file.")
    assert f"{name}.toml" in mistake.where


def test_a_file_name_that_is_no_text_can_be_printed(tmp_path):
    (tmp_path / os.fsdecode(b"\xff.toml")).write_text(GOOD)
    [mistake] = mistakes_of(tmp_path)
    str(mistake).encode()


def test_every_mistake_of_every_file_is_told_at_once(tmp_path):
    folder = write(
        tmp_path,
        acme='nam = "Acme"\ncurrency = "x"\n[plugins.store-locator]\nradius = 0\nfunnel = 0\nopening = { hours = 0, x = 1 }',
        bolt='name = "Bolt"\nnumber = 1\nid = "x"\ntimezone = "Nowhere"',
        cask='name = "Cask"\nnumber = 1',
        dome="number = ",
    )
    assert [(Path(mistake.where).stem, mistake.key) for mistake in mistakes_of(folder)] == [
        ("acme", "nam"),
        ("acme", "name"),
        ("acme", "number"),
        ("acme", "currency"),
        ("acme", "plugins.store-locator.radius"),
        ("acme", "plugins.store-locator.funnel"),
        ("acme", "plugins.store-locator.opening.hours"),
        ("acme", "plugins.store-locator.opening.x"),
        ("bolt", "id"),
        ("bolt", "timezone"),
        ("dome", "line 1"),
        ("cask", "number"),
    ]


def test_two_files_without_a_number_are_told_different_ones(tmp_path):
    fixes = [mistake.fix for mistake in mistakes_of(write(tmp_path, acme='name = "A"', bolt='name = "B"'))]
    assert ["number is 1" in fixes[0], "number is 2" in fixes[1]] == [True, True]


def test_a_tenant_that_has_a_number_already_is_told_it(tmp_path):
    existing = [TenantDefinition("acme", 5, "Acme"), TenantDefinition("gone", 9, "Gone")]
    folder = write(tmp_path, acme='name = "Acme"', bolt='name = "Bolt"')
    fixes = [mistake.fix for mistake in read_directory(folder, {}, existing=existing).mistakes]
    assert ["number = 5" in fixes[0], "number is 10" in fixes[1]] == [True, True]


def test_the_same_id_in_two_files_is_refused(tmp_path):
    text = 'name = "A"\nnumber = {}\nid = "WmsG2qe2XXxacqiqo2MfnY"'
    [mistake] = mistakes_of(write(tmp_path, acme=text.format(1), bolt=text.format(2)))
    assert (mistake.key, '"acme"' in mistake.expected, "Leave id out" in mistake.fix) == ("id", True, True)


def test_wrong_settings_of_an_unstated_version_hint_at_an_older_one(tmp_path):
    [mistake] = mistakes_of(write(tmp_path, acme=GOOD + "[plugins.store-locator]\ncount = true"))
    assert "settings_version = 2" in mistake.fix


@pytest.mark.parametrize(
    ("content", "key", "fix"),
    [(b"\xff\xfen\x00", "byte 1", "Save the file as UTF-8"), (b'name = "\xe9"', "byte 9", "Save the file as UTF-8")],
    ids=["utf-16", "latin-1"],
)
def test_a_file_that_is_no_utf_8_is_refused(tmp_path, content, key, fix):
    (tmp_path / "acme.toml").write_bytes(content)
    [mistake] = mistakes_of(tmp_path)
    assert (mistake.key, fix in mistake.fix) == (key, True)


@pytest.mark.parametrize("make", ["folder", "fifo", "broken link"])
def test_what_is_no_regular_file_is_refused(tmp_path, make):
    path = tmp_path / "acme.toml"
    {"folder": path.mkdir, "fifo": lambda: os.mkfifo(path), "broken link": lambda: path.symlink_to("gone")}[make]()
    [mistake] = mistakes_of(tmp_path)
    assert (mistake.where, mistake.key) == (str(path), "file")


@pytest.mark.parametrize("missing", [True, False], ids=["missing", "a file"])
def test_a_folder_that_is_not_there_names_its_setting(tmp_path, missing):
    folder = tmp_path / "tenants"
    if not missing:
        folder.write_text("")
    [mistake] = mistakes_of(folder)
    assert (mistake.where, "FRONTAGE_TENANTS_DIR" in mistake.fix) == (str(folder), True)


def test_a_full_file_is_read(tmp_path):
    text = """\
#:schema ./schema.json
id = "WmsG2qe2XXxacqiqo2MfnY"
name = "Acme"
number = 12
timezone = "America/Tegucigalpa"
currency = "EUR"
status = "suspended"
privacy_signals = "ignore"
[policies]
publishable = " 100 ; w = 60"
secret = ["300;w=60", "10000;w=86400"]
"store-locator.visitor" = "5;w=60"
[plugins.beacon]
[plugins.store-locator]
radius = 5
opening = { since = 2024-02-29 }
"""
    assert read_tenant_files(write(tmp_path, acme=text), PLUGINS) == [
        TenantDefinition(
            slug="acme",
            id=UUID("a1b2c3d4-e5f6-7890-abcd-ef1234567890"),
            name="Acme",
            number=12,
            timezone="America/Tegucigalpa",
            currency="EUR",
            status="suspended",
            privacy_signals="ignore",
            policies={
                "publishable": "100;w=60",
                "secret": "300;w=60, 10000;w=86400",
                "store-locator.visitor": "5;w=60",
            },
            plugins={
                "beacon": PluginDefinition({}, 2),
                "store-locator": PluginDefinition({"radius": 5, "opening": {"since": "2024-02-29"}}, 3),
            },
        )
    ]


def test_a_policy_of_a_plugin_may_be_named_without_quotes(tmp_path):
    [tenant] = read_tenant_files(write(tmp_path, acme=GOOD + '[policies]\nstore-locator.visitor = "5;w=60"'), PLUGINS)
    assert tenant.policies == {"store-locator.visitor": "5;w=60"}


def test_only_tenant_files_are_read(tmp_path):
    for name in ("README.md", "schema.json", ".acme.toml", "acme.toml~", "acme.toml.bak", "notes"):
        (tmp_path / name).write_text("not toml")
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "x").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    (tmp_path / "linked.toml").symlink_to(tmp_path / "real" / "x")
    assert [tenant.slug for tenant in read_tenant_files(tmp_path, {})] == ["linked"]


def test_an_empty_folder_has_no_tenants(tmp_path):
    assert read_tenant_files(tmp_path, {}) == []


def test_what_is_kept_are_the_settings_as_written_with_their_version(tmp_path):
    text = GOOD + "[plugins.store-locator]\nsettings_version = 1\nradius = 7000\ncount = true"
    [tenant] = read_tenant_files(write(tmp_path, acme=text), PLUGINS)
    written = tenant.plugins["store-locator"]
    assert written == PluginDefinition({"radius": 7000, "count": True}, 1)
    assert decode_settings(LOCATOR, written.settings, written.settings_version) == Settings(radius=7.0, funnel=True)


def test_an_upgrade_leaves_the_stored_settings_alone():
    stored = {"radius": 7000}
    decode_settings(LOCATOR, stored, 1)
    assert stored == {"radius": 7000}


def test_settings_that_cannot_be_decoded_name_every_wrong_one():
    with pytest.raises(SettingsError) as caught:
        decode_settings(LOCATOR, {"radius": 0, "x": 1}, 3)
    assert [wrong.key for wrong in caught.value.wrong] == ["radius", "x"]


def test_an_installed_plugin_that_cannot_be_read_keeps_its_settings_unread(tmp_path):
    text = GOOD + '[plugins.broken]\nanything = 1\n[policies]\n"broken.visitor" = "1;w=1"'
    [tenant] = read_tenant_files(write(tmp_path, acme=text), {}, unreadable=["broken"])
    assert tenant.plugins == {"broken": PluginDefinition({"anything": 1}, 1)}
    assert tenant.policies == {"broken.visitor": "1;w=1"}
