"""What an import would change, found out before anything is written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select

from frontage.plugin import Session, new_id
from frontage_store_locator.importing.checking import Checked
from frontage_store_locator.importing.duplicates import Known, repeated
from frontage_store_locator.models import Place
from frontage_store_locator.place_reading import BLANK, COLUMNS, read_place
from frontage_store_locator.place_schemas import PlaceIn
from frontage_store_locator.settings import Settings
from frontage_store_locator.words.finding import find_address
from frontage_store_locator.words.spots import Spot

MOST_VANISHING = 0.2
"""A full sync that would remove a larger share stops: such a file is more often cut off than right."""
_READ = ("id", "deleted_at", *COLUMNS)
_SAME = ("name", "address", "city", "postal_code")
"""By what a place without an id of the shop's is known again."""

Values = dict[str, Any]


@dataclass(slots=True)
class Plan:
    """The difference between a file and what is stored: new places whole, of others what changes."""

    created: list[Values] = field(default_factory=list)
    updated: list[Values] = field(default_factory=list)
    unchanged: int = 0
    removed: list[UUID] = field(default_factory=list)
    stored: int = 0
    """How many places there were."""

    @property
    def removes_too_many(self) -> bool:
        """Whether it would remove more than the guard lets pass."""
        return len(self.removed) > self.stored * MOST_VANISHING


async def read_stored(session: Session) -> list[Values]:
    """A tenant's places, deleted ones too: their ids are taken."""
    rows = await session.execute(select(*[getattr(Place, name) for name in _READ]).order_by(Place.id))
    return [dict(zip(_READ, row, strict=True)) for row in rows]


class Planner:
    """Takes checked rows one by one; notes on them what shows only against what is stored."""

    def __init__(self, stored: Sequence[Values], settings: Settings) -> None:
        self._settings = settings
        self._living = [one for one in stored if one["deleted_at"] is None]
        self._by_external_id = {one["external_id"]: one for one in self._living if one["external_id"]}
        self._nameless: dict[tuple[str, ...], list[Values]] = {}
        for one in self._living:
            if not one["external_id"]:
                self._nameless.setdefault(_signature(one), []).append(one)
        self._met: set[UUID] = set()
        self._found: dict[tuple[str, ...], Spot | None] = {}
        self._rows: dict[int, Values] = {}
        self.plan = Plan(stored=len(self._living))

    async def take(self, session: Session, checked: Checked) -> None:
        """Add a row to the plan, unless it is wrong."""
        before = self._known(checked.members)
        if before is not None:
            self._met.add(before["id"])  # also when it is wrong: a broken row is no reason to remove its place
        if not checked.is_wrong and checked.members.get("lat") is None and checked.members.get("lon") is None:
            await self._find_position(session, checked, before)
        if checked.is_wrong:
            return
        place = msgspec.convert(checked.members, PlaceIn)
        reading = read_place(place, _columns(before) if before else BLANK, self._settings)
        for problem in reading.errors:
            checked.refuse(problem.field, problem.message)
        for problem in reading.warnings:
            checked.doubt(problem.field, problem.message)
        if not checked.is_wrong:
            self._add(checked.number, before, reading.values)

    def finish(self, *, full_sync: bool) -> Plan:
        """The plan, once every row has been taken."""
        if full_sync:
            self.plan.removed = [one["id"] for one in self._living if one["id"] not in self._met]
        return self.plan

    def repetitions(self) -> Iterable[tuple[int, int]]:
        """New rows that perhaps repeat another, or (0) a place that is stored and not of this file."""
        stored = [_as_known(0, one) for one in self._living if one["id"] not in self._met and one["lat"] is not None]
        return repeated(stored, [_as_known(row, one) for row, one in self._rows.items() if one["lat"] is not None])

    def _add(self, row: int, before: Values | None, after: Values) -> None:
        if before is None:
            self._rows[row] = after
            self.plan.created.append({**after, "id": new_id()})
        elif changed := {column: value for column, value in after.items() if before[column] != value}:
            self.plan.updated.append({**changed, "id": before["id"]})
        else:
            self.plan.unchanged += 1

    def _known(self, members: Mapping[str, Any]) -> Values | None:
        if external_id := members.get("external_id"):
            return self._by_external_id.get(external_id)
        alike = self._nameless.get(_signature(members))
        return alike.pop(0) if alike else None

    async def _find_position(self, session: Session, checked: Checked, before: Values | None) -> None:
        """Without a position in the file the place keeps its own, else gets that of its city or postcode."""
        members = checked.members
        for column in ("lat", "lon", "precision"):
            members.pop(column, None)
        if before is not None and before["lat"] is not None:
            return
        whole = {**(before or {}), **members}
        words = tuple(str(whole.get(column) or "") for column in ("city", "region", "postal_code", "country"))
        if words not in self._found:
            country = words[3] or self._settings.country
            self._found[words] = await find_address(session, words[:3], country) if any(words[:3]) else None
        spot = self._found[words]
        if spot is None:
            checked.refuse("lat", "There is no position, and the gazetteer does not know the address.")
            return
        members.update(lat=spot.lat, lon=spot.lon, precision=spot.precision)
        checked.doubt("lat", f"The position is that of {spot.label}.")


def _signature(values: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(" ".join(str(values.get(column) or "").split()) for column in _SAME)


def _columns(values: Values) -> Values:
    return {column: values[column] for column in COLUMNS}


def _as_known(row: int, one: Values) -> Known:
    return Known(row, one["name"], one["lat"], one["lon"])
