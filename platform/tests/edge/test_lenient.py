"""BodyReader: strict types for those who send them, lenience for the rest, and two errors at most for anything."""

import json
import sys
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from frontage.edge.bodies import BOM, InvalidBodyError, InvalidFieldError, UnreadableBodyError
from frontage.edge.lenient import BodyReader, IdText


class Place(msgspec.Struct):
    number: int = 0
    label: IdText | None = None


class Event(msgspec.Struct, rename={"kind": "type"}):
    kind: Literal["view", "click"]
    tenant: int | str
    product: int | None = None
    position: Annotated[int, msgspec.Meta(ge=1, le=1000)] | None = None
    session: Annotated[IdText, msgspec.Meta(max_length=20)] | None = None
    query: str | None = None
    value: float = 0.0
    at: datetime | None = None
    metadata: dict[str, Any] | None = None
    place: Place | None = None
    places: list[Place] = []
    count_or_id: int | IdText | None = None
    anything: Any = None


UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

JSON = BodyReader(Event)
EITHER = BodyReader(Event, forms=True)
LEAST = {"type": "view", "tenant": "acme"}


def event(**members):
    return json.dumps(LEAST | members).encode()


@pytest.mark.parametrize(
    ("members", "name", "expected"),
    [
        pytest.param({"product": None}, "product", None, id="null is absent"),
        pytest.param({"value": None}, "value", 0.0, id="null where only a number is expected"),
        pytest.param({"places": None}, "places", [], id="null where a list is expected"),
        pytest.param({"metadata": []}, "metadata", {}, id="empty list for an object"),
        pytest.param({"place": []}, "place", Place(), id="empty list for a Struct"),
        pytest.param({"product": "42"}, "product", 42, id="digits"),
        pytest.param({"product": "-0042"}, "product", -42, id="digits with sign and zeros"),
        pytest.param({"position": "7"}, "position", 7, id="digits within bounds"),
        pytest.param({"session": 123}, "session", "123", id="number for an id"),
        pytest.param({"session": -1.5}, "session", "-1.5", id="fraction for an id"),
        pytest.param({"tenant": "42"}, "tenant", "42", id="digits stay text where text is taken"),
        pytest.param({"tenant": 42}, "tenant", 42, id="a number stays one where one is taken"),
        pytest.param({"tenant": "42", "product": "7"}, "tenant", "42", id="so they do beside digits that are none"),
        pytest.param({"count_or_id": 42, "product": "7"}, "count_or_id", 42, id="so it does beside lenience"),
        pytest.param({"product": str(2**63 - 1)}, "product", 2**63 - 1, id="the largest integer in digits"),
        pytest.param({"product": "0"}, "product", 0, id="nought in digits"),
        pytest.param({"place": {"number": "5", "label": 6}}, "place", Place(5, "6"), id="members of members"),
        pytest.param({"places": [{"number": "5"}, []]}, "places", [Place(5), Place()], id="members in lists"),
        pytest.param({"place": {"number": None}}, "place", Place(), id="null further in"),
        pytest.param({"metadata": {"a": None, "b": "1"}}, "metadata", {"a": None, "b": "1"}, id="kept as it is"),
        pytest.param({"anything": [2**70, None]}, "anything", [2**70, None], id="what may be anything"),
        pytest.param({"value": 3}, "value", 3.0, id="an integer is a number"),
    ],
)
def test_a_member_means_what_its_sender_meant(members, name, expected):
    assert getattr(JSON.read(event(**members)), name) == expected


@pytest.mark.parametrize(
    "members",
    [
        {"product": "7.0"},
        {"product": 7.5},
        {"product": " 7"},
        {"product": "+7"},
        {"product": ""},
        {"product": "null"},
        {"product": "\u0667"},
        {"product": 'x"7'},
        {"product": True},
        {"product": []},
        {"product": 2**63},
        {"product": "9" * 19},
        {"product": "9" * 20},
        {"tenant": 10**30},
        {"position": 0},
        {"position": "0"},
        {"session": True},
        {"session": {}},
        {"session": 10**20},
        {"query": 5},
        {"value": "1.5"},
        {"value": "nan"},
        {"at": 1700000000},
        {"metadata": [1]},
        {"metadata": "x"},
        {"metadata": {"a": 2**63}},
        {"metadata": {str(number): 1 for number in range(65)}},
        {"place": [1]},
    ],
    ids=str,
)
def test_no_further_lenience_is_shown(members):
    with pytest.raises(InvalidBodyError) as refusal:
        JSON.read(event(**members))
    assert [field for field, _ in refusal.value.errors] == list(members)


@pytest.mark.parametrize(
    "tail",
    [
        pytest.param(b'"other":{"deep":[1e999,"x"]}', id="unknown members"),
        pytest.param(b'"other":' + b"[" * 200 + b"]" * 200, id="a deep unknown member"),
        pytest.param(b'"product":"x","product":7', id="a duplicate, the last wins"),
        pytest.param(b'"product":"7","other":1e999', id="an unknown member beside lenience"),
        pytest.param(rb'"pro\u0000duct":7', id="NUL in a name"),
    ],
)
def test_what_is_not_asked_for_does_no_harm(tail):
    assert JSON.read(event()[:-1] + b"," + tail + b"}").tenant == "acme"


def test_a_duplicate_that_is_right_repairs_one_that_is_wrong():
    assert JSON.read(event()[:-1] + b',"product":"x","product":"7"}').product == 7


def test_all_wrong_fields_are_told_at_once_without_their_values():
    body = event(
        product="secret",
        metadata={"secret": 10**30},
        value="secret",
        place={"number": "secret"},
        places=[{}, {"label": []}],
    ).replace(b'"view"', b'"secret"')
    with pytest.raises(InvalidBodyError) as refusal:
        JSON.read(body.replace(b'"tenant": "acme", ', b""))
    assert refusal.value.errors == [
        ("type", "Not a value that is allowed here."),
        ("tenant", "Required."),
        ("product", "Expected `int`, got `str`."),
        ("value", "Expected `float`, got `str`."),
        ("metadata", "Expected finite numbers and integers of 64 bits."),
        ("place.number", "Expected `int`, got `str`."),
        ("places.1.label", "Expected `str`, got `array`."),
    ]


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"place": {"number": 2**63}}, "place.number"),
        ({"places": [{}, {"number": -(2**64)}]}, "places.1.number"),
        ({"metadata": {"a": 2**64}}, "metadata"),
    ],
)
def test_a_number_beyond_64_bits_is_refused_on_its_field(members, field):
    with pytest.raises(InvalidBodyError) as refusal:
        JSON.read(event(**members))
    assert [wrong.field for wrong in refusal.value.errors] == [field]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b"[]", ["type", "tenant"]),
        (b" [ ] ", ["type", "tenant"]),
        (b"{}", ["type", "tenant"]),
        (b"[1]", ["body"]),
        (b"null", ["body"]),
        (b"7", ["body"]),
        (b'"text"', ["body"]),
    ],
)
def test_a_body_that_is_no_object_is_wrong_as_a_whole_and_an_empty_list_is_an_empty_object(body, fields):
    with pytest.raises(InvalidBodyError) as refusal:
        JSON.read(body)
    assert [wrong.field for wrong in refusal.value.errors] == fields


def test_a_mark_and_white_space_before_the_body_are_skipped_on_the_lenient_way_too():
    assert JSON.read(BOM + b"\r\n " + event(product="7") + b"\n").product == 7


def test_a_form_is_read_like_json_whose_values_are_text():
    read = EITHER.read(b"type=view&tenant=acme&product=7&metadata[a]=1&metadata[b]=x&other=1")
    assert (read.tenant, read.product, read.metadata) == ("acme", 7, {"a": "1", "b": "x"})


def test_a_reader_of_forms_takes_json_by_its_first_character():
    assert EITHER.read(b"\n" + event(product=7)).product == 7


@pytest.mark.parametrize(
    ("body", "fields"),
    [(b"", ["type", "tenant"]), (b"null", ["type", "tenant"]), (b"type=view&tenant=a&metadata=x", ["metadata"])],
)
def test_a_form_with_wrong_fields_names_them(body, fields):
    with pytest.raises(InvalidBodyError) as refusal:
        EITHER.read(body)
    assert [wrong.field for wrong in refusal.value.errors] == fields


def test_a_reader_of_json_alone_takes_no_form():
    with pytest.raises(UnreadableBodyError):
        JSON.read(b"type=view&tenant=acme")


def test_the_parts_of_a_batch_are_read_one_by_one():
    parts = msgspec.json.decode(
        b'[{"type":"view","tenant":1},{"type":"view","tenant":2,"product":"7"},null]', type=list[msgspec.Raw]
    )
    assert [JSON.read_mended(part).tenant for part in parts[:2]] == [1, 2]
    with pytest.raises(InvalidBodyError):
        JSON.read_mended(parts[2])


class Paired(msgspec.Struct):
    event_id: str | None = None
    timestamp: str | None = None
    place: Place | None = None

    def __post_init__(self):
        if self.event_id and not self.timestamp:
            raise InvalidFieldError("event_id", "Comes with a timestamp.")


@pytest.mark.parametrize("body", [b'{"event_id":"x"}', b'{"event_id":"x","place":[]}'], ids=["strict", "lenient"])
def test_a_struct_may_refuse_a_field_of_its_own(body):
    with pytest.raises(InvalidFieldError) as refusal:
        BodyReader(Paired).read(body)
    assert refusal.value.errors == [("event_id", "Comes with a timestamp.")]


class NullIsNotAbsent(msgspec.Struct):
    value: int | None = 3


class NullIsRequired(msgspec.Struct):
    value: int | None


class NullIsAnything(msgspec.Struct):
    value: Any = 0


class NullIsAnObject(msgspec.Struct):
    value: object = 0


class Outer(msgspec.Struct):
    inner: list[NullIsNotAbsent] = []


@pytest.mark.parametrize("struct", [NullIsNotAbsent, NullIsRequired, NullIsAnything, NullIsAnObject, Outer])
def test_a_struct_in_which_null_and_absent_differ_is_refused_when_the_reader_is_built(struct):
    with pytest.raises(TypeError, match="null means absent"):
        BodyReader(struct)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"{", id="truncated"),
        pytest.param(b'{"type":"\xff"}', id="bad UTF-8"),
        pytest.param(b'{"product":"7","other":"\xff"}', id="bad UTF-8 in what is skipped"),
        pytest.param(b'{"product":"7","other":NaN}', id="no JSON after what needs lenience"),
        pytest.param(b'{"metadata":' + b'{"a":' * 100_000, id="deep and kept"),
        pytest.param(b'{"other":' + b"[" * 100_000 + b"]" * 100_000 + b"}", id="deep and unknown"),
        pytest.param(b'{"product":"7","other":' + b"[" * 100_000 + b"]" * 100_000 + b"}", id="deep and lenient"),
    ],
)
@pytest.mark.parametrize("reader", [JSON, EITHER], ids=["json", "forms"])
def test_what_cannot_be_parsed_is_unreadable(reader, body):
    with pytest.raises(UnreadableBodyError):
        reader.read(body)


def test_an_empty_body_is_unreadable_as_json():
    with pytest.raises(UnreadableBodyError):
        JSON.read(b"")


def test_a_list_where_the_body_should_be_an_object_is_wrong_however_deep():
    with pytest.raises(InvalidBodyError):
        JSON.read(b"[" * 100_000 + b"]" * 100_000)


def outcome(reader, body):
    """What a reader makes of a body; anything else than its two errors goes through."""
    try:
        return reader.read(body)
    except (UnreadableBodyError, InvalidBodyError) as error:
        return error


@UNTIMED
@given(st.binary())
@example(b'{"type":"view","tenant":1,"metadata":{"a":1e400}}')
@example(b'{"type":"view","tenant":' + b"9" * 5000 + b"}")
def test_no_bytes_make_a_reader_fail_otherwise(body):
    outcome(JSON, body)
    outcome(EITHER, body)


TEXT = st.text('a7.\u00e9\0\\"\ud83d\ude00\U0001f600', max_size=5)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(10**40), max_value=10**40)
    | st.floats()
    | TEXT
    | st.sampled_from(["view", "7", "", "\ud800", "\0"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=8,
)
NAMES = st.sampled_from([field.encode_name for field in msgspec.structs.fields(Event)] + ["other"])


@UNTIMED
@given(st.dictionaries(NAMES, VALUES), st.data())
def test_no_json_and_no_cut_or_changed_json_makes_a_reader_fail_otherwise(members, data):
    body = bytearray(json.dumps(LEAST | members).encode())
    outcome(JSON, bytes(body))
    place = data.draw(st.integers(0, len(body) - 1))
    body[place] = data.draw(st.integers(0, 255))
    outcome(JSON, bytes(body))
    outcome(JSON, bytes(body[:place]))


@UNTIMED
@given(st.dictionaries(NAMES, VALUES))
def test_what_was_read_can_be_stored(members):
    read = outcome(JSON, event(**members))
    if isinstance(read, Event):
        stored = msgspec.json.encode(read)
        assert rb"\u0000" not in stored
        assert read.product is None or abs(read.product) <= 2**63


def deep_in(frames, call):
    return deep_in(frames - 1, call) if frames else call()


@pytest.mark.parametrize("room", [40, 100, 300])
@pytest.mark.parametrize("levels", [5, 10, 15, 20, 50, 99, 200, 400, 100_000])
@pytest.mark.parametrize("name", ["metadata", "other", "product", "places"])
def test_deep_bodies_are_read_or_refused_also_where_little_stack_is_left(name, levels, room):
    kept = b'{"%b":' % name.encode() + b'{"a":' * levels + b"1" + b"}" * (levels + 1)
    lists = b'{"type":"view","tenant":1,"%b":' % name.encode() + b"[" * levels + b"]" * levels + b"}"
    used = len(stack()) + room
    for body in (kept, lists):
        deep_in(sys.getrecursionlimit() - used, lambda body=body: outcome(JSON, body))


def stack():
    frame, frames = sys._getframe(), []
    while frame:
        frames.append(frame)
        frame = frame.f_back
    return frames
