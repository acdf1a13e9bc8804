"""Kept objects: eight KiB, 64 keys, 16 levels, and numbers that every store keeps."""

import pytest

from frontage.edge.bodies import InvalidFieldError
from frontage.edge.kept import LARGEST_OBJECT, check_kept_object


def nested(levels, inside=1):
    """An object of so many levels, itself the first."""
    for _ in range(levels):
        inside = {"a": inside}
    return inside


def of_size(size):
    return {"a": "x" * (size - len('{"a":""}'))}


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({}, id="empty"),
        pytest.param({str(number): 1 for number in range(64)}, id="64 keys"),
        pytest.param({"a": {str(number): 1 for number in range(65)}}, id="keys further in are bounded by the size"),
        pytest.param(of_size(LARGEST_OBJECT), id="8 KiB"),
        pytest.param(nested(16), id="16 levels"),
        pytest.param({"a": [True, None, "x", 1.5, 2**63 - 1, -(2**63), 1e308]}, id="numbers at the edge"),
    ],
)
def test_an_object_within_the_bounds_is_kept(value):
    check_kept_object(value, "metadata")


@pytest.mark.parametrize(
    ("value", "word"),
    [
        pytest.param({str(number): 1 for number in range(65)}, "keys", id="65 keys"),
        pytest.param(of_size(LARGEST_OBJECT + 1), "bytes", id="a byte over 8 KiB"),
        pytest.param({"a": "\u00e9" * 4096}, "bytes", id="bytes, not characters"),
        pytest.param(nested(17), "levels", id="17 levels"),
        pytest.param(nested(16, [1]), "levels", id="a list is a level"),
        pytest.param({"ok": "x", "a": [[{}, nested(14)]]}, "levels", id="only one branch is too deep"),
        pytest.param(nested(500_000), "levels", id="deeper than the encoder goes"),
        pytest.param({"a": 2**63}, "numbers", id="2**63"),
        pytest.param({"a": -(2**63) - 1}, "numbers", id="below 64 bits"),
        pytest.param({"a": [{"b": 10**30}]}, "numbers", id="beyond 64 bits"),
        pytest.param({"a": float("inf")}, "numbers", id="infinite"),
        pytest.param({"a": [float("nan")]}, "numbers", id="not a number"),
    ],
)
def test_an_object_out_of_bounds_is_refused_on_its_field(value, word):
    with pytest.raises(InvalidFieldError) as refusal:
        check_kept_object(value, "metadata")
    [(field, message)] = refusal.value.errors
    assert field == "metadata"
    assert word in message
