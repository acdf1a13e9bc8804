"""The proxy knows the reply that says `committed`, or its faults would come where they prove nothing."""

import pytest
from tests.torture.proxy import committed


def message(kind, body):
    return kind + (len(body) + 4).to_bytes(4, "big") + body


IDLE, OPEN = message(b"Z", b"I"), message(b"Z", b"T")
STORED = message(b"2", b"") + message(b"D", b"\0\1\0\0\0\1\x31") + message(b"C", b"SELECT 1\0")


@pytest.mark.parametrize(
    ("reply", "tag"),
    [
        pytest.param(STORED + IDLE, "SELECT", id="one statement"),
        pytest.param(message(b"C", b"COMMIT\0") + IDLE, "COMMIT", id="a transaction's end"),
        pytest.param(message(b"C", b"BEGIN\0") + OPEN, None, id="a transaction's begin"),
        pytest.param(message(b"1", b"") + message(b"t", b"") + IDLE, None, id="a prepared statement"),
        pytest.param(STORED, None, id="half a reply"),
    ],
)
def test_only_the_reply_to_what_is_committed_counts(reply, tag):
    assert committed(reply) == tag
