"""A place as pages see it, its JSON encoded once for all searches."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import UNSET, UnsetType

from frontage.plugin import to_short
from frontage_store_locator.address import one_line
from frontage_store_locator.contact import shown_phone, shown_website
from frontage_store_locator.directions import PREFIXES, Service, destination

if TYPE_CHECKING:
    from frontage_store_locator.hours import OpeningHours, SpecialDay
    from frontage_store_locator.models import Place
    from frontage_store_locator.nearby.search import Answers


class PlaceRow(NamedTuple):
    """What an engine reads of a place; its fields are columns."""

    id: UUID
    name: str
    address: str
    address2: str
    city: str
    region: str
    postal_code: str
    country: str
    lat: float | None
    lon: float | None
    time_zone: str
    phone: str
    website: str
    hours: str
    special_days: Any
    tags: Any
    status: str
    closed_until: date | None
    deleted_at: datetime | None
    version: int


COLUMNS = PlaceRow._fields

BYTES_A_PLACE = 1_500
"""About what one place takes in memory with its row, its JSON and its points."""

_HoursWords = tuple[str, str, str, "tuple[SpecialDay, ...]"]
_encode = msgspec.json.encode
_PREFIXES = {service: prefix.encode() for service, prefix in PREFIXES.items()}
_HIDDEN = datetime.max.replace(tzinfo=UTC)


class ShownPlace:
    """What a search needs of a place, and what it answers with; encoded when it is first shown, and only then."""

    __slots__ = ("_hours", "_json", "_ready", "_row", "_tag_keys", "_visible_from", "id", "lat", "lon")

    def __init__(self, row: PlaceRow) -> None:
        assert row.lat is not None
        assert row.lon is not None
        self.id = row.id
        self.lat = row.lat
        self.lon = row.lon
        self._visible_from = visible_from(row)
        self._row = row
        self._tag_keys: frozenset[str] | None = None
        self._hours: _HoursWords | UnsetType | None = UNSET
        self._json: tuple[bytes, bytes, bytes] | None = None
        self._ready: dict[Service, bytes] = {}

    @property
    def tag_keys(self) -> frozenset[str]:
        """Its tags as they are compared."""
        if self._tag_keys is None:
            self._tag_keys = frozenset([tag.casefold() for tag in _listed(self._row.tags)])
        return self._tag_keys

    @property
    def always_visible(self) -> bool:
        """Whether it is published whatever the day."""
        return self._visible_from is None

    def is_visible(self, now: datetime) -> bool:
        """Whether it is published, or was closed and is open again."""
        return self._visible_from is None or self._visible_from <= now

    def is_open(self, now: datetime) -> bool:
        """Whether it is known to be open."""
        hours = self._opening_hours()
        return hours is not None and hours.is_open(now) is True

    def template(self, service: Service, now: datetime) -> bytes:
        """The place in an answer, with `%.2f` where its kilometres belong."""
        return self._ready.get(service) or self._rendered(service, now)

    def _rendered(self, service: Service, now: datetime) -> bytes:
        head, tail, there = self._json or self._encoded()
        told = self._told_hours(now)
        after = b"".join((tail, _PREFIXES[service], there, told, b"}"))
        template = b"%b%%.2f%b" % (head.replace(b"%", b"%%"), after.replace(b"%", b"%%"))
        if not told:  # a place without hours looks the same at any time
            self._ready[service] = template
        return template

    def _encoded(self) -> tuple[bytes, bytes, bytes]:
        row = self._row
        address = one_line(row.address, row.address2, row.city, row.region, row.postal_code, row.country)
        head = b'{"id":"%b","name":%b,"address":%b,"lat":%b,"lon":%b,"distance_km":' % (
            to_short(self.id).encode(),
            _encode(row.name),
            _encode(address),
            _encode(self.lat),
            _encode(self.lon),
        )
        tail = b',"phone":%b,"website":%b,"tags":%b,"directions_url":"' % (
            _encode(shown_phone(row.phone)),
            _encode(shown_website(row.website)),
            _encode(_listed(row.tags)),
        )
        self._json = (head, tail, destination(self.lat, self.lon).encode() + b'"')
        return self._json

    def _told_hours(self, now: datetime) -> bytes:
        hours = self._opening_hours()
        if hours is None:
            return b""
        status = hours.status(now)
        members = [b',"hours_today":%b' % _encode(status.hours_today)]
        if status.open_now is not None:
            members.append(b',"open_now":true' if status.open_now else b',"open_now":false')
        if status.next_change is not None:
            members.append(b',"next_change":%b' % _encode(status.next_change))
        return b"".join(members)

    def _opening_hours(self) -> "OpeningHours | None":
        if self._hours is UNSET:
            self._hours = _hours_words(self._row)
        if self._hours is None:
            return None
        text, zone, country, days = self._hours
        return _parse_hours(text, zone, country, days, (self.lat, self.lon) if "sun" in text else None)


def places_json(found: "Answers", service: Service, now: datetime) -> bytes:
    """Places with their distances, commas between them; all numbers are put in at once."""
    kilometres = tuple([one.distance_m / 1000 for one in found])
    return b",".join([one.place.template(service, now) for one in found]) % kilometres


def can_be_shown(row: PlaceRow) -> bool:
    """Whether pages may see a place, now or one day."""
    return row.deleted_at is None and row.lat is not None and row.lon is not None and visible_from(row) != _HIDDEN


def visible_from(row: "Place | PlaceRow") -> datetime | None:
    """When a place appears: None when it is there already, the end of time when it does not."""
    if row.status == "published":
        return None
    if row.status != "closed" or row.closed_until is None:
        return _HIDDEN
    return _midnight(row.closed_until, row.time_zone)


def is_shown_at(place: "Place | PlaceRow", now: datetime) -> bool:
    """Whether a place that is not deleted is published, or was closed and is open again."""
    since = visible_from(place)
    return since is None or since <= now


def hours_of(place: "Place") -> "tuple[OpeningHours, OpeningHours | None, ZoneInfo] | None":
    """The hours of a place, those that it usually has, without holidays and special days, and the zone of both."""
    words = _hours_words(place)
    if words is None:
        return None
    text, zone, country, days = words
    position = (place.lat, place.lon) if "sun" in text and place.lat is not None and place.lon is not None else None
    hours = _parse_hours(text, zone, country, days, position)
    return None if hours is None else (hours, _parse_hours(text, zone, "", (), position), ZoneInfo(zone))


@lru_cache(maxsize=1024)
def _midnight(day: date, zone: str) -> datetime:
    try:
        return datetime.combine(day, time(), ZoneInfo(zone or "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        return datetime.combine(day, time(), UTC)


def _hours_words(row: "Place | PlaceRow") -> _HoursWords | None:
    days = _listed(row.special_days)
    if not row.hours and not days:
        return None
    return (row.hours, row.time_zone or "UTC", row.country, _special_days(_encode(days)))


@lru_cache(maxsize=4096)
def _special_days(days: bytes) -> "tuple[SpecialDay, ...]":
    from frontage_store_locator.hours import SpecialDay

    return msgspec.json.decode(days, type=tuple[SpecialDay, ...])


def _parse_hours(
    text: str, zone: str, country: str, days: "tuple[SpecialDay, ...]", position: tuple[float, float] | None
) -> "OpeningHours | None":
    from frontage_store_locator.hours import HoursError, parse

    try:
        return parse(text, zone, country, days, position)
    except (HoursError, ZoneInfoNotFoundError, ValueError):
        # The table's text is older than today's checks; the place is shown without hours.
        return None


def _listed(value: Any) -> Sequence[Any]:
    """A JSON column's list; a driver without SQLAlchemy gives its text."""
    if value == "[]":
        return ()
    found = msgspec.json.decode(value) if isinstance(value, str) else value
    return found or ()
