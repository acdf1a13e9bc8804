"""What a key looks like, to the letter of the contract."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontage.tenants.key_format import LENGTH, KeyKind, checksum, generate, is_well_formed

BODY = "AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEf"
KEY = f"csb_{BODY}_84041098"


def test_the_vector_of_the_contract():
    """A client's author computes the same."""
    assert checksum(BODY) == "84041098"
    assert is_well_formed(KEY)
    assert is_well_formed(KEY.replace("csb", "cpk"))


@pytest.mark.parametrize(("kind", "prefix"), [(KeyKind.SECRET, "csb"), (KeyKind.PUBLISHABLE, "cpk")])
def test_a_new_key_is_well_formed_and_no_other(kind, prefix):
    """45 characters; a thousand of them differ and use the whole alphabet."""
    made = {generate(kind) for _ in range(1000)}
    assert len(made) == 1000
    assert all(is_well_formed(key) and re.fullmatch(rf"{prefix}_[0-9A-Za-z]{{32}}_[0-9a-f]{{8}}", key) for key in made)
    assert len({letter for key in made for letter in key[4:36]}) == 62


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(KEY[:-1], id="too short"),
        pytest.param(KEY + "0", id="too long"),
        pytest.param(KEY + "\n", id="newline"),
        pytest.param(KEY.replace("84041098", "84041099"), id="wrong checksum"),
        pytest.param(KEY.replace("AbCd", "abCd"), id="typing error"),
        pytest.param(KEY.replace("csb", "abc"), id="another prefix"),
        pytest.param(KEY.replace("csb_", "csb-"), id="another separator"),
        pytest.param(f"csb_{BODY[:-1]}-_{checksum(BODY[:-1] + '-')}", id="a sign in the body"),
        pytest.param(f"csb_{BODY[:-1]}é_{checksum(BODY[:-1] + 'é')}", id="a letter beyond ASCII"),
        pytest.param(f"csb_{BODY}_{checksum(BODY).upper()}"[:-8] + "8404109A", id="upper-case hex"),
    ],
)
def test_what_is_no_key(text):
    """Told without a look-up."""
    assert len(text) in {0, LENGTH - 1, LENGTH, LENGTH + 1}
    assert not is_well_formed(text)


@given(st.text(max_size=60))
def test_no_text_is_an_error(text):
    """Whatever a header holds."""
    assert is_well_formed(text) in {False, True}
