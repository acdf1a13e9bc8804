"""The hours of a place as a page tells them: what is usual on each weekday, and the days that are not so."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from frontage.plugin import utc_now
from frontage_store_locator.hours import OpeningHours
from frontage_store_locator.hours_sheet import Opening
from frontage_store_locator.models import Place
from frontage_store_locator.nearby.shown import hours_of

_AHEAD = 60
"""How many days are compared with their weekday."""
_DAY = timedelta(days=1)

Spans = tuple[Opening, ...]


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours of a place from a day on."""

    usual: tuple[Spans, ...]
    """From Monday to Sunday."""
    unusual: dict[date, Spans]
    """Holidays and special days within two months, and special days beyond."""
    notes: dict[date, str]
    """What the shop says of a special day."""
    today: date


def hours_from(place: Place, now: datetime | None = None) -> Hours | None:
    """The hours of a place from today on; None where they are not known."""
    found = hours_of(place)
    if found is None:
        return None
    hours, plain, zone = found
    today = (now or utc_now()).astimezone(zone).date()
    usual = _usual(plain, today)
    special = {date.fromisoformat(one["date"]): one.get("note", "") for one in place.special_days}
    notes = {day: note for day, note in special.items() if day >= today}
    ahead = {today + number * _DAY for number in range(_AHEAD)} | notes.keys()
    unusual = {day: spans for day in sorted(ahead) if _told(spans := _sure(hours, day)) != _told(usual[day.weekday()])}
    return Hours(usual, unusual, {day: note for day, note in notes.items() if note}, today)


def _usual(plain: OpeningHours | None, today: date) -> tuple[Spans, ...]:
    if plain is None:
        return ((),) * 7
    coming = {(day := today + number * _DAY).weekday(): _sure(plain, day) for number in range(7)}
    return tuple(coming[weekday] for weekday in range(7))


def _sure(hours: OpeningHours, day: date) -> Spans:
    return tuple(one for one in hours.day(day) if one.sure)


def _told(spans: Spans) -> tuple[str, ...]:
    return tuple(map(str, spans))


def clocks(spans: Spans) -> Iterator[tuple[str, str]]:
    """Opening and closing as schema.org wants them: a whole day ends a minute early, a night ends on its morning."""
    for one in spans:
        whole = one.opens.time() == time() and one.closes - one.opens == _DAY
        yield f"{one.opens:%H:%M}", "23:59" if whole else f"{one.closes:%H:%M}"
