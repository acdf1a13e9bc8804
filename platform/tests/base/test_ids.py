"""Ids: the contract's vectors, and every text that is nearly one."""

import copy
import pickle
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontage.base.ids import ALPHABET, from_hyphenated, from_short, id_of, looks_short, new_id, parse_id, to_short

VECTORS = {
    "a1b2c3d4-e5f6-7890-abcd-ef1234567890": "WmsG2qe2XXxacqiqo2MfnY",
    "b2c3d4e5-f6a7-8901-bcde-f23456789012": "ZowuNEgyLKAJYZXpAM44Wm",
    "ef9fc1a4-c37e-658d-4111-d2fa3e8350ea": "keATfB8VP2gSjcnTbsMNQL",
    "00000000-0000-0000-0000-000000000000": "2" * 22,
    "ffffffff-ffff-ffff-ffff-ffffffffffff": "oZEq7ovRbLq6UnGMPwc8B5",
}


@pytest.mark.parametrize(("long", "short"), VECTORS.items())
def test_the_vectors_of_the_contract(long, short):
    """Both ways, and both forms are taken on input, the hyphenated one in either case."""
    assert to_short(UUID(long)) == short
    assert from_short(short) == parse_id(short) == parse_id(long) == parse_id(long.upper()) == UUID(long)


@given(st.uuids())
def test_every_id_comes_back(identifier):
    """22 characters, always."""
    short = to_short(identifier)
    assert looks_short(short)
    assert from_short(short) == identifier


@pytest.mark.parametrize("text", ["z" * 22, "oZEq7ovRbLq6UnGMPwc8B6", "z" + "2" * 21])
def test_what_overflows_128_bits_is_no_id(text):
    """It has the shape, and it is refused without an error."""
    assert looks_short(text)
    assert parse_id(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2" * 21,
        "2" * 23,
        "0" * 22,
        "I" * 22,
        "2" * 21 + "\n",
        "\uff12" * 22,
        "{a1b2c3d4-e5f6-7890-abcd-ef1234567890}",
        "urn:uuid:a1b2c3d4-e5f6-7890-abcd-ef1234567890",
        "a1b2c3d4e5f67890abcdef1234567890",
        "a1b2c3d4-e5f6-7890-abcd-ef123456789",
        "a1b2c3d4-e5f6-7890-abcd-ef1234567890 ",
        "a1b2c3d4-e5f6-7890-abcd-ef1234567890\n",
        "a1b2c3d4_e5f6_7890_abcd_ef1234567890",
        "\u06611b2c3d4-e5f6-7890-abcd-ef1234567890",
    ],
)
def test_what_only_resembles_an_id_is_none(text):
    """Braces, URNs, other digits and other lengths, all of which UUID() or a pattern might take."""
    assert parse_id(text) is None
    assert from_hyphenated(text) is None


@given(st.binary(min_size=16, max_size=16))
def test_an_id_of_bytes_is_what_uuid_makes_of_them(octets):
    """The quick way makes nothing else: it compares, hashes, prints and copies like any."""
    made, usual = id_of(octets), UUID(bytes=octets)
    assert (made, hash(made), repr(made), made.is_safe) == (usual, hash(usual), repr(usual), usual.is_safe)
    assert copy.deepcopy(made) == pickle.loads(pickle.dumps(made)) == usual


def test_new_ids_grow():
    """So that rows are appended to their index, and a list by id is a list by time."""
    made = [new_id() for _ in range(1000)]
    assert made == sorted(made)
    assert len(set(made)) == 1000


def test_the_alphabet_has_no_look_alikes():
    """57 characters, without 0, 1, I, O and l."""
    assert len(set(ALPHABET)) == 57
    assert not set("01IOl") & set(ALPHABET)
