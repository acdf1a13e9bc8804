"""From a body to events and to reasons why others were skipped; one bad event never costs its neighbours.

A batch in which all is well is decoded at once. Only when something is not, each event is read by itself, and only one
that does not fit is read with the lenience that pages need.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec
from msgspec import Raw, Struct

from frontage.plugin import (
    BodyReader,
    InvalidBodyError,
    InvalidFieldError,
    UnreadableBodyError,
    mended,
    reason_not_to_keep,
    utc_now,
)
from frontage_storefront_beacon.depth import shallowed
from frontage_storefront_beacon.interaction import Kind
from frontage_storefront_beacon.numbers import number_of
from frontage_storefront_beacon.wire import KINDS_BY_TYPE, MOST_EVENTS, TYPES, AnyEvent, BeaconIn, EventIn

AHEAD = timedelta(hours=24)
"""How far a client's clock may be ahead."""
LATE = timedelta(days=30)
_FIRST_YEAR = 2
"""In the first year some zones have no such day."""


class Skipped(NamedTuple):
    """An event that was not taken."""

    place: int
    """Its place in the batch, from 0."""
    event_type: str
    """Its type when it has one that is known, else nothing."""
    reason: str
    """A word of a few, such as `missing_position`."""


@dataclass(slots=True)
class Judged:
    """A batch: what was taken, with moments in UTC and numbers as integers, and what was not."""

    now: datetime
    events: list[EventIn] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


class _Parts(Struct):
    events: list[Raw]


class _Typed(Struct):
    event_type: str


_whole = msgspec.json.Decoder(BeaconIn)
_parts = msgspec.json.Decoder(_Parts)
_one: msgspec.json.Decoder[EventIn] = msgspec.json.Decoder(AnyEvent)
_typed = msgspec.json.Decoder(_Typed)
_readers = {name: BodyReader(kind) for name, kind in TYPES.items()}


class BatchReader:
    """Reads the body of `POST /beacon`."""

    def read(self, body: bytes) -> Judged:
        """Judge a batch, or raise what makes it none."""
        body = mended(body)
        judged = Judged(utc_now())
        try:
            events = _whole.decode(body).events
        except (msgspec.DecodeError, RecursionError):
            _judge_singly(_elements(body), judged)
            return judged
        for place, event in enumerate(events):
            _take(event, place, judged)
        return judged


def _judge_singly(elements: list[Raw], judged: Judged) -> None:
    for place, element in enumerate(elements):
        try:
            event = _read(element)
        except _SkipError as skip:
            judged.skipped.append(Skipped(place, skip.event_type, skip.reason))
        else:
            _take(event, place, judged)


def _take(event: EventIn, place: int, judged: Judged) -> None:
    reason = _mend(event, judged.now)
    if reason is None:
        judged.events.append(event)
    else:
        judged.skipped.append(Skipped(place, type_of(event), reason))


def type_of(event: EventIn) -> Kind:
    """The type of an event, as it came."""
    return KINDS_BY_TYPE[type(event)]


class _SkipError(Exception):
    def __init__(self, reason: str, event_type: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.event_type = event_type


def _elements(body: bytes) -> list[Raw]:
    try:
        events = _parts.decode(body).events
    except RecursionError:
        return _elements(_cut(body))
    except msgspec.ValidationError:
        raise InvalidFieldError("events", "Expected a list of events.") from None
    except (msgspec.DecodeError, UnicodeError):
        raise UnreadableBodyError from None
    if not 1 <= len(events) <= MOST_EVENTS:
        raise InvalidFieldError("events", f"Expected 1 to {MOST_EVENTS} events.")
    return events


def _cut(body: bytes) -> bytes:
    """The body with no more levels than the parser goes; one that cannot be cut is no JSON."""
    cut = shallowed(body)
    if cut == body:
        raise UnreadableBodyError
    return cut


def _read(element: Raw) -> EventIn:
    try:
        return _one.decode(element)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return _read_leniently(element)


def _read_leniently(element: Raw) -> EventIn:
    try:
        event_type = _typed.decode(element).event_type
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise _SkipError("no_event_type" if bytes(element)[:1] == b"{" else "no_object") from None
    reader = _readers.get(event_type)
    if reader is None:
        raise _SkipError("unknown_event_type")
    try:
        return reader.read_mended(element)
    except InvalidBodyError as error:
        wrong = error.errors[0]
        name = wrong.field.partition(".")[0]
        missing = wrong.message == "Required."
        raise _SkipError(f"{'missing' if missing else 'invalid'}_{name}", event_type) from None
    except UnreadableBodyError:
        raise _SkipError("unreadable", event_type) from None


def _mend(event: EventIn, now: datetime) -> str | None:
    """Give an event its moment in UTC and its numbers as such, or say why it is skipped."""
    moment = event.timestamp
    if type(moment) is not datetime or moment.tzinfo is not UTC:
        try:
            moment = _in_utc(moment)
        except (ValueError, OverflowError, OSError):
            return "invalid_timestamp"
        event.timestamp = moment
    if moment - now > AHEAD:
        return "timestamp_ahead"
    if moment.year < _FIRST_YEAR:
        return "invalid_timestamp"
    if event.contextual_data and reason_not_to_keep(event.contextual_data) is not None:
        return "invalid_contextual_data"
    return _mend_ids(event)


def _mend_ids(event: EventIn) -> str | None:
    if type(event.product_id) is str:
        event.product_id = number_of(event.product_id)
        if event.product_id is None:
            return "invalid_product_id"
    if type(event.variant_id) is str:
        event.variant_id = number_of(event.variant_id)
        if event.variant_id is None:
            return "invalid_variant_id"
    return None


def _in_utc(moment: datetime | float) -> datetime:
    if isinstance(moment, datetime):
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return datetime.fromtimestamp(moment / 1000, UTC)
