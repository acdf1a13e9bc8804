"""A tenant's names: what is taken for an id, a number or a slug, in the contract's order."""

from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from frontage.tenants.tenant import LARGEST_NUMBER, Tenant, is_slug, parse_reference

LONG, SHORT = "a1b2c3d4-e5f6-7890-abcd-ef1234567890", "WmsG2qe2XXxacqiqo2MfnY"


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        pytest.param(7, 7, id="integer"),
        pytest.param(0, 0, id="zero"),
        pytest.param(LARGEST_NUMBER, LARGEST_NUMBER, id="largest number"),
        pytest.param("7", 7, id="digits"),
        pytest.param("007", 7, id="leading zeros"),
        pytest.param("9" * 18, LARGEST_NUMBER, id="eighteen digits"),
        pytest.param(SHORT, UUID(LONG), id="shortuuid"),
        pytest.param("2" * 22, UUID(int=0), id="digits that are a shortuuid"),
        pytest.param(LONG, UUID(LONG), id="hyphenated"),
        pytest.param(LONG.upper(), UUID(LONG), id="hyphenated, upper case"),
        pytest.param("acme-2", "acme-2", id="slug"),
        pytest.param("a", "a", id="one letter"),
    ],
)
def test_what_names_a_tenant(value, meant):
    """Each form means one thing."""
    found = parse_reference(value)
    assert found == meant
    assert type(found) is type(meant)


@pytest.mark.parametrize(
    "value",
    [
        *(True, False, 1.0, None, [], ["acme"], {}, b"acme", -1, LARGEST_NUMBER + 1, 2**70),
        *("", " ", "-1", "1.0", "+1", "9" * 19, "z" * 22, "{" + LONG + "}", "\u0663"),
        *("Acme", "acme_1", "-acme", "2acme", "track", "today", "a" * 64, "acme\n", " acme"),
    ],
    ids=repr,
)
def test_what_names_nobody(value):
    """Neither another type nor a text that only resembles a name; never an error."""
    assert parse_reference(value) is None


@pytest.mark.parametrize(
    "text", ["track", "today", "z" * 22, SHORT, LONG, "1st", "-a", "A", "a_b", "a.b", "", "a" * 64, "a\n"]
)
def test_what_could_be_taken_for_something_else_is_no_slug(text):
    """It is reserved, looks like an id, or does not start with a letter."""
    assert not is_slug(text)


@pytest.mark.parametrize("text", ["a", "acme", "a-1", "track-2", "tracks", "z" * 21, "z" * 23, "a" * 63, "l" * 22])
def test_every_other_word_may_be_a_slug(text):
    """Also one of 22 letters, when one of them is not in the alphabet of ids."""
    assert is_slug(text)


def test_a_tenant_tells_its_short_id():
    """The form in which every answer shows it."""
    assert Tenant(UUID(LONG), "acme", 1, "Acme", ZoneInfo("UTC"), "HNL").short_id == SHORT
