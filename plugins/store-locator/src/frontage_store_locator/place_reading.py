"""From what was sent to what is kept of a place: every value in its one form, every mistake told, all at once."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import UNSET

from frontage.plugin import FieldProblem, explain
from frontage_store_locator.contact import email_address, phone_number, web_address
from frontage_store_locator.coordinates import judge, time_zone
from frontage_store_locator.hours import HoursError, SpecialDay, check, check_special
from frontage_store_locator.place_schemas import PlaceIn
from frontage_store_locator.settings import Settings
from frontage_store_locator.words.countries import country_of

BLANK: Mapping[str, Any] = {
    "external_id": None,
    **dict.fromkeys(("name", "address", "address2", "city", "region", "postal_code", "country", "time_zone"), ""),
    **dict.fromkeys(("phone", "email", "website", "photo_url", "description", "hours"), ""),
    "lat": None,
    "lon": None,
    "precision": "exact",
    "special_days": [],
    "tags": [],
    "custom": {},
    "priority": 0,
    "status": "published",
    "closed_until": None,
}
"""A place of which nothing is known."""
COLUMNS = tuple(BLANK)

_LINES = ("external_id", "name", "address", "address2", "city", "region", "postal_code", "description")
_URLS = ("website", "photo_url")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(slots=True)
class Reading:
    """A place as it is to be kept, and what is to be said of it."""

    values: dict[str, Any]
    errors: list[FieldProblem] = field(default_factory=list)
    warnings: list[FieldProblem] = field(default_factory=list)

    def refuse(self, name: str, message: str) -> None:
        """Note a mistake."""
        self.errors.append(FieldProblem(name, message))

    def doubt(self, name: str, message: str) -> None:
        """Note what may be a mistake."""
        self.warnings.append(FieldProblem(name, message))


def read_members(given: Mapping[str, Any]) -> tuple[PlaceIn | None, list[FieldProblem]]:
    """What was sent for one place among many, with every member that is not of its type."""
    errors = []
    known = {member.encode_name: member.type for member in msgspec.structs.fields(PlaceIn)}
    for name, value in given.items():
        if name not in known:
            errors.append(FieldProblem("body", "Contains a member that is not known."))
            continue
        try:
            msgspec.convert(value, known[name])
        except msgspec.ValidationError as error:
            errors.append(FieldProblem(*explain(error, under=name)))
    return (None, errors) if errors else (msgspec.convert(given, PlaceIn), [])


def read_place(place: PlaceIn, before: Mapping[str, Any], settings: Settings) -> Reading:
    """What is to be kept of a place that was `before`, with what is changed of it."""
    given = {name: value for name in COLUMNS if (value := getattr(place, name)) is not UNSET}
    reading = Reading({**before, **given})
    values = reading.values
    for name in _LINES:
        if isinstance(values[name], str):
            values[name] = printable(values[name]) if name == "description" else _one_line(values[name])
    _read_country(reading, given, settings)
    _each(reading, given, "phone", lambda text: phone_number(text, values["country"] or settings.country))
    _each(reading, given, "email", email_address)
    for name in _URLS:
        _each(reading, given, name, web_address)
    _read_hours(reading, given)
    _check_zone(reading, given)
    _read_position(reading, given, before)
    _read_tags(reading, given)
    _check_whole(reading)
    return reading


def printable(text: str) -> str:
    """A text without white space at its ends and without control characters; every line ends alike."""
    return _CONTROL.sub(" ", text.replace("\r\n", "\n")).strip()


def _one_line(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())


def _each(reading: Reading, given: Mapping[str, Any], name: str, read: Callable[[str], str]) -> None:
    if name not in given:
        return
    try:
        reading.values[name] = read(given[name])
    except ValueError as error:
        reading.refuse(name, str(error))


def _read_country(reading: Reading, given: Mapping[str, Any], settings: Settings) -> None:
    text = str(given.get("country", "")).strip()
    if text:
        code = country_of(text)
        if code is None:
            reading.refuse("country", "Expected a country of ISO 3166-1, such as HN.")
        reading.values["country"] = code or ""
    elif "country" in given or not reading.values["country"]:
        reading.values["country"] = settings.country


def _read_hours(reading: Reading, given: Mapping[str, Any]) -> None:
    if "hours" in given:
        try:
            reading.values["hours"] = check(given["hours"])
        except HoursError as error:
            reading.refuse("hours", str(error))
    if "special_days" in given:
        days: list[SpecialDay] = given["special_days"]
        for number, day in enumerate(days):
            try:
                check_special(day)
            except HoursError as error:
                reading.refuse(f"special_days.{number}.hours", str(error))
        reading.values["special_days"] = [msgspec.to_builtins(day) for day in sorted(days, key=lambda day: day.date)]


def _read_position(reading: Reading, given: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    values = reading.values
    lat, lon = values["lat"], values["lon"]
    if (lat is None) != (lon is None):
        reading.refuse("lon" if lon is None else "lat", "Latitude and longitude come together.")
        return
    moved = (lat, lon) != (before["lat"], before["lon"])
    if moved and "precision" not in given:
        values["precision"] = "exact"
    if lat is None:
        reading.doubt("lat", "Without a position nobody finds this place by distance.")
    elif moved or "country" in given:
        verdict = judge(lat, lon, values["country"])
        if verdict.error:
            reading.refuse("lat", verdict.error)
            return
        if verdict.warning:
            reading.doubt("lat", verdict.warning)
    # Who names a zone knows better than the map; else it follows the position.
    if lat is not None and not given.get("time_zone") and (moved or "time_zone" in given or not values["time_zone"]):
        values["time_zone"] = time_zone(lat, lon)


def _check_zone(reading: Reading, given: Mapping[str, Any]) -> None:
    if given.get("time_zone") and not _is_zone(given["time_zone"]):
        reading.refuse("time_zone", "Expected a time zone such as America/Tegucigalpa.")


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _read_tags(reading: Reading, given: Mapping[str, Any]) -> None:
    if "tags" in given:
        tags = map(_one_line, given["tags"])
        reading.values["tags"] = list({tag.casefold(): tag for tag in tags if tag}.values())


def _check_whole(reading: Reading) -> None:
    values = reading.values
    if not values["name"] and not values["address"]:
        reading.refuse("name", "A place has a name or an address.")
    if values["external_id"] == "":
        reading.refuse("external_id", "Expected some characters.")
    if values["closed_until"] is not None and values["status"] != "closed":
        values["closed_until"] = None
        reading.doubt("closed_until", "Only a closed place opens again; the date was left out.")
