"""One text of opening hours, asked day by day; the package `opening-hours-py` reads and evaluates it.

Two things are added to it. It gives the hours after midnight to the next day, whatever a holiday said of the evening;
here they stay with their evening. And it knows the holidays of some 120 countries; `holidays` knows the others.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    import opening_hours

_DAY = timedelta(days=1)
_SPAN = r"\d{1,2}:\d{2}\s*-\s*\d{1,2}:\d{2}"
_SPANS = re.compile(rf"{_SPAN}(?:\s*,\s*{_SPAN})*")
_CLOCKS = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")
_HOLIDAY = re.compile(r"\bPH\b")
_SUN = re.compile(r"sun(?:rise|set)|dawn|dusk")
_PLACE = re.compile(r"--> (\d+):(\d+)")
_WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_END_OF_DAY = 24 * 60


class HoursError(ValueError):
    """A text that is no opening hours: where reading ended, and what was perhaps meant."""

    def __init__(self, message: str, position: int, suggestion: str | None) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        """The first character, counted from 1, that could not be read."""
        self.suggestion = suggestion


@dataclass(frozen=True, slots=True)
class Opening:
    """From opening to closing in local time."""

    opens: datetime
    closes: datetime
    sure: bool = True

    def __str__(self) -> str:
        whole_days = self.closes.time() == time() and self.closes.date() > self.opens.date()
        return f"{self.opens:%H:%M}-{'24:00' if whole_days else format(self.closes, '%H:%M')}"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A readable text, of a place in a country."""

    text: str
    country: str
    zone: str = ""
    position: tuple[float, float] | None = None

    @classmethod
    def read(cls, text: str, country: str = "", zone: str = "", position: tuple[float, float] | None = None) -> "Sheet":
        """Read a text, or raise HoursError."""
        if not (position and zone and _SUN.search(text)):
            zone, position = "", None
        sheet = cls(text, country.upper(), zone, position)
        import opening_hours

        try:
            sheet._engine(text)
        except opening_hours.ParserError as error:  # type: ignore[attr-defined]  # its stubs lack it
            raise _refusal(text, error) from None
        return sheet

    def day(self, day: date) -> tuple[Opening, ...]:
        """What opens on a day; it may close on the next."""
        text = self._for_day(day)
        evening, morning = split_at_midnight(text)
        openings = self._intervals(evening, day)
        if morning and openings and openings[-1].closes == _midnight(day + _DAY):
            rest = [one for one in self._intervals(morning, day) if one.opens == _midnight(day)]
            if rest and _minutes(rest[0].closes) in _morning_ends(text):
                last = openings[-1]
                openings[-1] = Opening(last.opens, rest[0].closes + _DAY, last.sure)
        return tuple(openings)

    def next_opening_day(self, after: date) -> date | None:
        """The first day from `after` on with an opening, as far as the engine looks: some years."""
        start = self._aware(_midnight(after))
        engine = self._engine(self.text)
        if engine.is_open(start):
            return after
        change = engine.next_change(start)
        return change.date() if change else None

    def _for_day(self, day: date) -> str:
        """The text, with PH as the weekday of a holiday in countries that the engine has no calendar of."""
        if (
            not _HOLIDAY.search(self.text)
            or _has_calendar(self.country)
            or day not in _holidays(self.country, day.year)
        ):
            return self.text
        return _HOLIDAY.sub(_WEEKDAYS[day.weekday()], self.text)

    def _intervals(self, text: str, day: date) -> list[Opening]:
        engine = self._engine(text)
        found: list[Opening] = []
        spans = engine.intervals(self._aware(_midnight(day)), self._aware(_midnight(day + _DAY)))
        for opens, closes, state, _ in spans:
            if str(state) == "closed":
                continue
            one = Opening(_naive(opens), _naive(closes) if closes else _midnight(day + _DAY), str(state) == "open")
            if found and found[-1].closes == one.opens and found[-1].sure == one.sure:
                one = Opening(found.pop().opens, one.closes, one.sure)
            found.append(one)
        return found

    def _engine(self, text: str) -> "opening_hours.OpeningHours":
        return _engine(text, self.country if _has_calendar(self.country) else "", self.zone, self.position)

    def _aware(self, local: datetime) -> datetime:
        """Only the sun needs to know where on earth; all else is said by the clock on the wall."""
        return local.replace(tzinfo=ZoneInfo(self.zone)) if self.zone else local


def split_at_midnight(text: str) -> tuple[str, str]:
    """The text up to midnight, and the text of what lies after it moved to the same day; without any, "" for that."""
    if not _morning_ends(text):
        return text, ""
    parts = _SPANS.sub(_evening, text), _SPANS.sub(_morning, text)
    return parts if all(map(_readable, parts)) else (text, "")


@lru_cache(maxsize=10_000)
def _morning_ends(text: str) -> frozenset[int]:
    spans = map(_clock, _CLOCKS.finditer(text))
    return frozenset(end % _END_OF_DAY for start, end in spans if _is_overnight(start, end))


def _evening(spans: re.Match[str]) -> str:
    return ",".join(
        one[0] if not _is_overnight(*_clock(one)) else f"{one[1]}:{one[2]}-24:00" for one in _CLOCKS.finditer(spans[0])
    )


def _morning(spans: re.Match[str]) -> str:
    ends = [end % _END_OF_DAY for start, end in map(_clock, _CLOCKS.finditer(spans[0])) if _is_overnight(start, end)]
    return ",".join(f"00:00-{end // 60:02}:{end % 60:02}" for end in ends) or "off"


def _clock(span: re.Match[str]) -> tuple[int, int]:
    hours, minutes, end_hours, end_minutes = map(int, span.groups())
    return hours * 60 + minutes, end_hours * 60 + end_minutes


def _is_overnight(start: int, end: int) -> bool:
    return (end <= start and end > 0) or end > _END_OF_DAY


@lru_cache(maxsize=10_000)
def _readable(text: str) -> bool:
    import opening_hours

    return bool(opening_hours.validate(text))


@lru_cache(maxsize=20_000)
def _engine(text: str, country: str, zone: str, position: tuple[float, float] | None) -> "opening_hours.OpeningHours":
    import opening_hours

    words: dict[str, Any] = {"country": country or None, "max_interval_days": 4 * 366}
    if zone:
        words.update(timezone=ZoneInfo(zone), coords=position)
    return opening_hours.OpeningHours(text, **words)


@lru_cache(maxsize=512)
def _has_calendar(country: str) -> bool:
    import opening_hours

    try:
        opening_hours.OpeningHours("PH off", country=country)
    except opening_hours.UnknownCountryError:  # type: ignore[attr-defined]  # its stubs lack it
        return False
    return True


@lru_cache(maxsize=1024)
def _holidays(country: str, year: int) -> frozenset[date]:
    import holidays

    try:
        return frozenset(holidays.country_holidays(country, years=[year]))
    except NotImplementedError:
        return frozenset()


def _refusal(text: str, error: Exception) -> HoursError:
    from frontage_store_locator.hours_wording import suggest

    found = _PLACE.search(str(error))
    line, column = (int(found[1]), int(found[2])) if found else (1, 1)
    position = sum(len(one) + 1 for one in text.split("\n")[: line - 1]) + column
    rest = text[position - 1 :].strip()
    suggestion = suggest(text)
    message = f"Not readable as opening hours from character {position} on."
    if not rest:
        message = "The opening hours end too early."
    if suggestion:
        message += f" Perhaps: {suggestion}"
    return HoursError(message, position, suggestion)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def _naive(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)


def _minutes(moment: datetime) -> int:
    return moment.hour * 60 + moment.minute
