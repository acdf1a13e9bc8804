"""The schema that editors use agrees with what is read."""

import tomllib
from typing import Annotated

import pytest
from jsonschema import Draft202012Validator, ValidationError
from msgspec import Meta, Struct

from frontage.host.tenant_files import read_tenant_files
from frontage.host.tenant_schema import format_schema, tenant_schema, write_tenant_schema
from frontage.plugin.declaration import Plugin
from frontage.tenants.policy import Per, Policy


class Opening(Struct, forbid_unknown_fields=True, frozen=True):
    hours: int = 8


class Settings(Struct, forbid_unknown_fields=True, frozen=True):
    radius: Annotated[float, Meta(gt=0, description="How far to look, in kilometres")] = 50.0
    opening: Opening = Opening()


def plugin(slug):
    return Plugin(
        slug=slug,
        title=slug.title(),
        paths=(f"/{slug}",),
        settings=Settings,
        settings_version=2,
        policies={"visitor": Policy("60;w=60", per=(Per.ADDRESS,))},
    )


PLUGINS = {slug: plugin(slug) for slug in ("store-locator", "beacon")}
GOOD = 'name = "A"\nnumber = 1\n'


def validate(text, plugins=PLUGINS):
    schema = tenant_schema(plugins)
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(tomllib.loads(text))


RIGHT = {
    "least": GOOD,
    "policies": GOOD + '[policies]\nsecret = "1;w=1, 2;w=9"\npublishable = ["1;w=1"]\n"beacon.visitor" = "1;w=1"',
    "policy without quotes": GOOD + '[policies]\nbeacon.visitor = "1;w=1"',
    "settings": GOOD + "[plugins.beacon]\nsettings_version = 2\nradius = 5\nopening = { hours = 3 }",
    "default settings": GOOD + "[plugins.beacon]\n[plugins.store-locator]",
    "id": GOOD + 'id = "WmsG2qe2XXxacqiqo2MfnY"',
    "uuid": GOOD + 'id = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"',
}
WRONG = {
    "no name": "number = 1",
    "no number": 'name = "A"',
    "unknown key": GOOD + "x = 1",
    "number zero": 'name = "A"\nnumber = 0',
    "currency": GOOD + 'currency = "EURO"',
    "status": GOOD + 'status = "x"',
    "privacy": GOOD + 'privacy_signals = "x"',
    "id": GOOD + 'id = "x"',
    "policy": GOOD + '[policies]\nx = "1;w=1"',
    "windows": GOOD + '[policies]\nsecret = "1"',
    "no windows": GOOD + "[policies]\nsecret = []",
    "plugin": GOOD + "[plugins.x]",
    "setting": GOOD + "[plugins.beacon]\nx = 1",
    "setting's range": GOOD + "[plugins.beacon]\nradius = 0",
    "setting within": GOOD + "[plugins.beacon.opening]\nx = 0",
    "version": GOOD + "[plugins.beacon]\nsettings_version = 3",
}


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT)
def test_what_is_read_fits(tmp_path, text):
    (tmp_path / "acme.toml").write_text(text)
    read_tenant_files(tmp_path, PLUGINS)
    validate(text)


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_what_is_refused_does_not_fit(tmp_path, text):
    (tmp_path / "acme.toml").write_text(text)
    with pytest.raises(Exception, match="acme"):
        read_tenant_files(tmp_path, PLUGINS)
    with pytest.raises(ValidationError):
        validate(text)


def test_settings_are_described_for_completion():
    section = tenant_schema(PLUGINS)["properties"]["plugins"]["properties"]["store-locator"]
    assert section["title"] == "Store-Locator"
    assert section["properties"]["radius"]["description"] == "How far to look, in kilometres"


def test_the_order_of_installation_changes_nothing():
    assert format_schema(tenant_schema(dict(reversed(PLUGINS.items())))) == format_schema(tenant_schema(PLUGINS))


def test_the_schema_is_written_only_when_it_changes(tmp_path):
    path = tmp_path / "schema.json"
    assert write_tenant_schema(path, {})
    before = path.stat()
    assert not write_tenant_schema(path, {})
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert write_tenant_schema(path, PLUGINS)
    assert path.read_text() == format_schema(tenant_schema(PLUGINS))
    assert [one.name for one in tmp_path.iterdir()] == ["schema.json"]
