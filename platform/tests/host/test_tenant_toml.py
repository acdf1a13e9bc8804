"""A tenant written as a file and read again is the same tenant."""

import tempfile
from pathlib import Path
from uuid import UUID

from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import Struct

from frontage.host.tenant_files import read_tenant_files
from frontage.host.tenant_toml import format_tenant_file
from frontage.plugin.declaration import Plugin
from frontage.tenants.currency import CURRENCIES
from frontage.tenants.definition import PluginDefinition, TenantDefinition
from frontage.tenants.policy import Window, format_windows
from frontage.tenants.tenant import LARGEST_NUMBER, PRIVACY_SIGNALS


class Anything(Struct, frozen=True):
    a: dict = {}
    b: list = []
    c: str = ""
    d: float = 0.0
    e: int = 0
    f: bool = False


PLUGIN = Plugin(slug="any-thing", title="Anything", paths=("/any",), settings=Anything, settings_version=2)

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
floats = st.floats(-(2.0**52), 2.0**52).map(lambda value: value + 0.0)
integers = st.integers(-(2**63) + 1, 2**63 - 1)
values = st.recursive(
    st.booleans() | integers | floats | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=10,
)
settings = st.fixed_dictionaries(
    {},
    optional={
        "a": st.dictionaries(texts, values, max_size=3),
        "b": st.lists(values, max_size=3),
        "c": texts,
        "d": floats,
        "e": integers,
        "f": st.booleans(),
    },
)
windows = st.lists(
    st.builds(Window, st.integers(1, 10**9), st.integers(1, 86_400)),
    min_size=1,
    max_size=3,
    unique_by=lambda one: one.quota,
).map(lambda some: format_windows(tuple(some)))
names = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=200).map(str.strip).filter(bool)
definitions = st.builds(
    TenantDefinition,
    slug=st.just("acme"),
    number=st.integers(1, LARGEST_NUMBER),
    name=names,
    timezone=st.sampled_from(["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"]),
    currency=st.sampled_from(sorted(CURRENCIES)),
    status=st.sampled_from(["active", "suspended"]),
    privacy_signals=st.sampled_from(PRIVACY_SIGNALS),
    policies=st.dictionaries(st.sampled_from(["secret", "publishable"]), windows),
    plugins=st.dictionaries(st.just("any-thing"), st.builds(PluginDefinition, settings, st.just(2))),
    id=st.none() | st.uuids(),
)


@given(definitions)
@example(TenantDefinition("acme", 1, "Acme", plugins={"any-thing": PluginDefinition({"c": '\x1f\x7f\\"\r\n'}, 2)}))
def test_what_is_written_reads_back_equal(definition):
    with tempfile.TemporaryDirectory() as folder:
        # newline="" keeps a carriage return within a text what it is
        (Path(folder) / "acme.toml").write_text(format_tenant_file(definition), "utf-8", newline="")
        assert read_tenant_files(Path(folder), {"any-thing": PLUGIN}) == [definition]


def test_a_file_reads_as_a_person_would_write_it():
    definition = TenantDefinition(
        "acme",
        1,
        'Acme "Ltd"',
        policies={"secret": "1;w=1", "store-locator.visitor": "2;w=1"},
        plugins={"store-locator": PluginDefinition({"radius": 5.0, "tags": ["a"], "opening": {"hours": 3}}, 2)},
        id=UUID("a1b2c3d4-e5f6-7890-abcd-ef1234567890"),
    )
    assert (
        format_tenant_file(definition)
        == """\
#:schema ./schema.json
id = "WmsG2qe2XXxacqiqo2MfnY"
name = "Acme \\"Ltd\\""
number = 1
timezone = "UTC"
currency = "HNL"
status = "active"
privacy_signals = "anonymise"

[policies]
secret = "1;w=1"
"store-locator.visitor" = "2;w=1"

[plugins.store-locator]
settings_version = 2
radius = 5.0
tags = ["a"]
opening = { hours = 3 }
"""
    )
