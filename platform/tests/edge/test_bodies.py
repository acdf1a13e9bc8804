"""Bodies: read under a cap, mended, told apart, decoded, and refused without a word of what was sent."""

import asyncio
import json
import re
from contextlib import suppress
from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from frontage.edge.bodies import (
    BOM,
    MOST_FORM_FIELDS,
    BodyTooLargeError,
    ClientGoneError,
    InvalidBodyError,
    InvalidFieldError,
    UnreadableBodyError,
    decode_form,
    decode_json,
    is_encoded,
    looks_like_json,
    mended,
    read_body,
)

CAP = 10
UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
ANYTHING = msgspec.json.Decoder()


class Connection:
    """What a server hands to an application, message by message."""

    def __init__(self, *messages):
        self.left = list(messages)

    async def receive(self):
        return self.left.pop(0)


def part(body, more=False):
    return {"type": "http.request", "body": body, "more_body": more}


GONE = {"type": "http.disconnect"}


def read(connection, content_length=None):
    return asyncio.run(read_body(connection.receive, content_length, CAP))


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        pytest.param([part(b"0123456789")], b"0123456789", id="exactly the cap"),
        pytest.param([{"type": "http.request"}], b"", id="bare message"),
        pytest.param([part(b"01234", True), part(b"", True), part(b"56789")], b"0123456789", id="chunks up to the cap"),
    ],
)
def test_a_body_up_to_the_cap_is_read_in_full(messages, expected):
    assert read(Connection(*messages)) == expected


@pytest.mark.parametrize("length", [b"11", b"9" * 5000], ids=["one more", "absurd"])
def test_a_declared_length_over_the_cap_is_refused_before_anything_is_read(length):
    with pytest.raises(BodyTooLargeError) as refusal:
        read(Connection(), length)
    assert (refusal.value.status, refusal.value.error_code) == (413, "payload_too_large")


@pytest.mark.parametrize("length", [b"10", b"ten", b"-5", b""])
def test_a_declared_length_that_fits_or_says_nothing_is_left_to_the_count(length):
    assert read(Connection(part(b"{}")), length) == b"{}"


@pytest.mark.parametrize("length", [None, b"3"], ids=["chunked", "declared too short"])
def test_a_streamed_body_over_the_cap_is_refused_and_read_no_further(length):
    connection = Connection(part(b"012345", True), part(b"67890", True), part(b"never read"))
    with pytest.raises(BodyTooLargeError):
        read(connection, length)
    assert connection.left == [part(b"never read")]


def test_a_single_message_over_the_cap_is_refused():
    connection = Connection(part(b"0" * 11, True), part(b"never read"))
    with pytest.raises(BodyTooLargeError):
        read(connection)
    assert connection.left == [part(b"never read")]


@pytest.mark.parametrize("messages", [[GONE], [part(b"{", True), GONE]], ids=["before", "half way"])
def test_a_client_that_leaves_is_told_apart(messages):
    with pytest.raises(ClientGoneError):
        read(Connection(*messages))


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        (None, False),
        (b"", False),
        (b"identity", False),
        (b" Identity ", False),
        (b"gzip", True),
        (b"identity, br", True),
    ],
)
def test_only_an_absent_or_identity_encoding_is_taken(encoding, expected):
    assert is_encoded(encoding) is expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{}", True),
        (b"[", True),
        (b" \r\n\t{", True),
        (BOM + b" [1]", True),
        (b"", False),
        (b"   ", False),
        (b"a={", False),
        (b'"text"', False),
        (b"null", False),
        (b"\x0b{", False),
    ],
)
def test_a_body_that_opens_an_object_or_a_list_is_json(body, expected):
    assert looks_like_json(body) is expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(BOM + b'{"a":1}', {"a": 1}, id="byte order mark"),
        pytest.param(rb'"a\u0000b"', "ab", id="NUL"),
        pytest.param(rb'{"a\u0000b":1}', {"ab": 1}, id="NUL in a key"),
        pytest.param(rb'"\\u0000"', r"\u0000", id="escaped backslash before u0000"),
        pytest.param(rb'"\\\u0000"', "\\", id="escaped backslash, then NUL"),
        pytest.param(rb'"\ud800"', "\ufffd", id="lone high"),
        pytest.param(rb'"\uDFFF!"', "\ufffd!", id="lone low, upper case"),
        pytest.param(rb'"\ud83d\ude00"', "\U0001f600", id="pair"),
        pytest.param(rb'"\ud83d\ud83d\ude00"', "\ufffd\U0001f600", id="lone high before a pair"),
        pytest.param(rb'"\ude00\ud83d"', "\ufffd\ufffd", id="pair the wrong way round"),
        pytest.param(rb'"\\ud83d\ude00"', "\\ud83d\ufffd", id="text that looks like a high before a low"),
        pytest.param(rb'"\ud83d\u0000\ude00"', "\ufffd\ufffd", id="NUL between the halves of a pair"),
        pytest.param(rb'"\ud83d\\ude00"', "\ufffd\\ude00", id="high before an escaped backslash"),
        pytest.param(rb'"\u00f1\n\/"', "\u00f1\n/", id="other escapes"),
        pytest.param(rb'{"k\udc00":["\ud800"]}', {"k\ufffd": ["\ufffd"]}, id="nested and in a key"),
        pytest.param(b'{"a":1,"a":2}', {"a": 2}, id="duplicate key"),
    ],
)
def test_json_is_mended_before_it_is_decoded(body, expected):
    assert decode_json(body, ANYTHING) == expected


ESCAPES = [
    rb"\ud83d",
    rb"\ude00",
    rb"\uD800",
    rb"\u0000",
    rb"\\",
    rb"\n",
    rb"\"",
    rb"\u00f1",
    b"ud800",
    b"0000",
    b"x",
    "é".encode(),
]


@UNTIMED
@given(st.lists(st.sampled_from(ESCAPES)))
@example([rb"\\", rb"\\", rb"\ud83d", rb"\ude00"])
def test_mended_text_is_what_another_parser_reads_without_nul_and_lone_surrogates(pieces):
    body = b'"' + b"".join(pieces) + b'"'
    expected = re.sub("[\ud800-\udfff]", "\ufffd", json.loads(body).replace("\0", ""))
    assert decode_json(body, ANYTHING) == expected


@UNTIMED
@given(st.binary())
def test_what_needs_no_mending_comes_back_as_it_is(body):
    if b"\\" not in body and not body.startswith(BOM):
        try:
            assert mended(body) == body
        except UnreadableBodyError:
            with pytest.raises(UnicodeDecodeError):
                body.decode()


UNREADABLE = [
    pytest.param(b"", id="empty"),
    pytest.param(b"  ", id="blank"),
    pytest.param(b'{"a":', id="truncated"),
    pytest.param(b'{"a":1} x', id="trailing"),
    pytest.param(b'{"a":NaN}', id="NaN"),
    pytest.param(b'{"a":"\xff"}', id="bad UTF-8"),
    pytest.param(b'{"a":"\xed\xa0\x80"}', id="surrogate in UTF-8"),
    pytest.param(b'{"a":"\x00"}', id="raw NUL"),
    pytest.param(rb'{"a":"\ud8"}', id="half an escape"),
    pytest.param(b"[" * 100_000, id="100,000 levels, open"),
    pytest.param(b"[" * 100_000 + b"]" * 100_000, id="100,000 levels"),
    pytest.param(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, id="100,000 objects"),
]


@pytest.mark.parametrize("body", UNREADABLE)
def test_what_is_no_json_is_unreadable(body):
    with pytest.raises(UnreadableBodyError) as refusal:
        decode_json(body, ANYTHING)
    assert (refusal.value.status, refusal.value.error_code) == (400, "bad_request")


@pytest.mark.parametrize(
    "value", [b'"\xff"', b"[" * 100_000 + b"]" * 100_000, b"NaN"], ids=["bad UTF-8", "deep", "NaN"]
)
def test_what_is_skipped_is_still_json(value):
    with pytest.raises(UnreadableBodyError):
        decode_json(b'{"unknown":' + value + b"}", msgspec.json.Decoder(Inner))


class Inner(msgspec.Struct):
    sizes: list[int] = []
    by_name: dict[str, int] = {}
    by_number: dict[int, int] = {}


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    a: int = 0


class Picky(msgspec.Struct):
    word: str

    def __post_init__(self):
        if self.word == "secret":
            raise ValueError(f"Expected {self.word}")
        if self.word == "named":
            raise InvalidFieldError("word", "Not this one.")


class Round(msgspec.Struct, tag="round"):
    pass


class Square(msgspec.Struct, tag="square"):
    pass


class Sent(msgspec.Struct):
    kind: Literal["a", "b"] | None = None
    inner: Inner | None = None
    short: Annotated[str, msgspec.Meta(max_length=3)] | None = None
    number: float | None = None
    strict: Strict | None = None
    picky: Picky | None = None
    shape: Round | Square | None = None


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        (b"[]", "body", "Expected `object`, got `array`."),
        (b'{"kind":"secret"}', "kind", "Not a value that is allowed here."),
        (b'{"kind":"secret - at `$.secret`"}', "kind", "Not a value that is allowed here."),
        (b'{"kind":7}', "kind", "Expected `str`, got `int`."),
        (b'{"inner":{"sizes":[1,"secret"]}}', "inner.sizes.1", "Expected `int`, got `str`."),
        (b'{"inner":{"by_name":{"secret":"x"}}}', "inner.by_name", "Expected `int`, got `str`."),
        (b'{"inner":{"by_number":{"secret":1}}}', "inner.by_number", "Expected `int`, got `str`."),
        (b'{"short":"secret"}', "short", "Expected `str` of length <= 3."),
        (b'{"number":1e400}', "number", "Number out of range."),
        (b'{"strict":{"secret":1}}', "body", "Contains a member that is not known."),
        (b'{"strict":{"secret - at `$.secret":1}}', "body", "Contains a member that is not known."),
        (b'{"picky":{"word":"secret"}}', "picky", "Not a value that is allowed here."),
        (b'{"picky":{"word":"named"}}', "word", "Not this one."),
        (b'{"picky":{}}', "picky.word", "Required."),
        (b'{"shape":{"type":"secret"}}', "shape.type", "Not a value that is allowed here."),
    ],
)
def test_a_wrong_field_is_named_and_its_value_is_not(body, field, message):
    with pytest.raises(InvalidFieldError) as refusal:
        decode_json(body, msgspec.json.Decoder(Sent))
    assert refusal.value.errors == [(field, message)]
    assert (refusal.value.status, refusal.value.error_code) == (422, "validation_error")
    assert "secret" not in str(refusal.value.errors) + refusal.value.detail


def test_fields_and_messages_come_apart_as_pairs():
    [(field, message)] = InvalidFieldError("a", "b").errors
    assert (field, message) == ("a", "b")
    assert issubclass(InvalidFieldError, InvalidBodyError)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", {}),
        (b"a=1&b=", {"a": "1", "b": ""}),
        (b"a=1&a=2", {"a": "2"}),
        (b"a=x+y%20z%C3%A9", {"a": "x y z\u00e9"}),
        ("a=é".encode(), {"a": "\u00e9"}),
        (b"metadata[x]=1&metadata%5By%5D=2&metadata[x]=3", {"metadata": {"x": "3", "y": "2"}}),
        (b"metadata=text&metadata[x]=1", {"metadata": {"x": "1"}}),
        (b"metadata[x]=1&metadata=text", {"metadata": "text"}),
        (b"[x]=1&m[]=2&m[a][b]=3", {"[x]": "1", "m[]": "2", "m[a][b]": "3"}),
        (b"a%00b=c%00d&m[%00x]=1", {"ab": "cd", "m": {"x": "1"}}),
        (BOM + b"a=1;b=2", {"a": "1;b=2"}),
    ],
)
def test_a_form_becomes_fields_of_text(body, expected):
    assert decode_form(body) == expected


@pytest.mark.parametrize(
    "body",
    [b"a=%ff", b"a=\xff", b"a=%ED%A0%80", b"&" * MOST_FORM_FIELDS],
    ids=["escaped", "raw", "surrogate", "too many"],
)
def test_a_form_that_is_no_text_or_has_too_many_fields_is_unreadable(body):
    with pytest.raises(UnreadableBodyError):
        decode_form(body)


@UNTIMED
@given(st.binary())
def test_no_bytes_make_the_form_reader_fail_otherwise(body):
    with suppress(UnreadableBodyError):
        assert all(isinstance(value, str | dict) for value in decode_form(body).values())
