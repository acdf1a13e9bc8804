"""Changing places: one at a time or many, every change under the tenant's next version."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from uuid import UUID

from frontage.plugin import FieldProblem, Problem, Session, new_id, utc_now
from frontage_store_locator.models import Place
from frontage_store_locator.place_reading import BLANK, COLUMNS, Reading, read_members, read_place
from frontage_store_locator.place_schemas import PlaceIn
from frontage_store_locator.queries import next_version, place_by_id, places_by_external_id
from frontage_store_locator.settings import Settings


class Change(Enum):
    """What writing did to a place."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Written:
    """A place after it was written."""

    place: Place
    change: Change
    warnings: Sequence[FieldProblem] = ()


@dataclass(slots=True)
class Batch:
    """What became of many places; `written` has None where one had errors."""

    written: list[Written | None] = field(default_factory=list)
    errors: list[FieldProblem] = field(default_factory=list)
    warnings: list[FieldProblem] = field(default_factory=list)

    def count(self, change: Change) -> int:
        """How many were changed in that way."""
        return sum(1 for one in self.written if one is not None and one.change is change)


class Writer:
    """Writes places of one tenant in one transaction; who opens one waits for the others of this tenant."""

    def __init__(self, session: Session, tenant_id: UUID, settings: Settings, version: int) -> None:
        self._session = session
        self._tenant_id = tenant_id
        self._settings = settings
        self._version = version
        self._now = utc_now()

    @classmethod
    async def open(cls, session: Session, tenant_id: UUID, settings: Settings) -> "Writer":
        """Take the tenant's next version, and hold it until the commit."""
        return cls(session, tenant_id, settings, await next_version(session, tenant_id))

    async def find(self, place_id: UUID | None) -> Place:
        """A place, or the problem: never there, or gone."""
        return await find_place(self._session, self._tenant_id, place_id)

    async def find_external(self, external_id: str) -> Place | None:
        """The place that the shop knows by this id."""
        return (await places_by_external_id(self._session, [external_id])).get(external_id)

    async def add(self, sent: PlaceIn) -> Written:
        """Add a place."""
        reading = self._accepted(read_place(sent, BLANK, self._settings))
        await self._keep_unique(reading)
        return self._create(reading)

    async def change(self, place: Place, sent: PlaceIn) -> Written:
        """Change some of a place."""
        reading = self._accepted(read_place(sent, values_of(place), self._settings))
        if reading.values["external_id"] != place.external_id:
            await self._keep_unique(reading)
        return self._update(place, reading)

    async def replace(self, place: Place, sent: PlaceIn) -> Written:
        """Put a place in the place of one that keeps its id."""
        return self._update(place, self._accepted(read_place(sent, BLANK, self._settings)))

    async def remove(self, place: Place) -> None:
        """Empty a place and mark it as gone, so that whoever links to it is told so."""
        for name, value in {**BLANK, "status": "closed"}.items():
            setattr(place, name, value)
        place.deleted_at = place.updated_at = self._now
        place.version = self._version

    async def upsert(self, sent: Sequence[Mapping[str, Any] | PlaceIn]) -> Batch:
        """Add places, or change those whose external id is known; what has errors is left out and told."""
        batch = Batch()
        read = [_members(one) for one in sent]
        ids = [place.external_id for place, _ in read if place and isinstance(place.external_id, str)]
        known = await places_by_external_id(self._session, ids)
        repeated = {external_id for external_id, times in Counter(ids).items() if times > 1}
        for number, (place, mistakes) in enumerate(read):
            written, errors = self._upsert_one(place, known, repeated) if place else (None, mistakes)
            batch.written.append(written)
            batch.errors += _under(f"locations.{number}", errors)
            batch.warnings += _under(f"locations.{number}", written.warnings if written else ())
        return batch

    def _upsert_one(
        self, sent: PlaceIn, known: Mapping[str, Place], repeated: Collection[object]
    ) -> tuple[Written | None, list[FieldProblem]]:
        if sent.external_id in repeated:
            return None, [FieldProblem("external_id", "This id stands in the list more than once.")]
        found = known.get(sent.external_id) if isinstance(sent.external_id, str) else None
        reading = read_place(sent, values_of(found) if found else BLANK, self._settings)
        if reading.errors:
            return None, reading.errors
        return self._update(found, reading) if found else self._create(reading), []

    def _accepted(self, reading: Reading) -> Reading:
        if reading.errors:
            raise Problem("validation_error", errors=reading.errors)
        return reading

    async def _keep_unique(self, reading: Reading) -> None:
        external_id = reading.values["external_id"]
        if external_id is not None and await self.find_external(external_id) is not None:
            raise Problem("conflict", "There is a place with this external_id.")

    def _create(self, reading: Reading) -> Written:
        place = Place(
            tenant_id=self._tenant_id,
            id=new_id(),
            version=self._version,
            created_at=self._now,
            updated_at=self._now,
            deleted_at=None,
            **reading.values,
        )
        self._session.add(place)
        return Written(place, Change.CREATED, reading.warnings)

    def _update(self, place: Place, reading: Reading) -> Written:
        if values_of(place) == reading.values:
            return Written(place, Change.UNCHANGED, reading.warnings)
        for name, value in reading.values.items():
            setattr(place, name, value)
        place.version, place.updated_at = self._version, self._now
        return Written(place, Change.UPDATED, reading.warnings)


async def find_place(session: Session, tenant_id: UUID, place_id: UUID | None) -> Place:
    """A place, or the problem: never there, or gone."""
    place = await place_by_id(session, tenant_id, place_id) if place_id else None
    if place is None:
        raise Problem("not_found")
    if place.deleted_at is not None:
        raise Problem("gone", "This place was removed.")
    return place


async def find_external(session: Session, external_id: str) -> Place:
    """The place that the shop knows by an id, or the problem; the id of a removed one is nobody's."""
    place = (await places_by_external_id(session, [external_id])).get(external_id)
    if place is None:
        raise Problem("not_found")
    return place


def values_of(place: Place) -> dict[str, Any]:
    """What a place is made of."""
    return {name: getattr(place, name) for name in COLUMNS}


def _members(sent: Mapping[str, Any] | PlaceIn) -> tuple[PlaceIn | None, list[FieldProblem]]:
    return (sent, []) if isinstance(sent, PlaceIn) else read_members(sent)


def _under(prefix: str, problems: Iterable[FieldProblem]) -> list[FieldProblem]:
    return [FieldProblem(prefix if one.field == "body" else f"{prefix}.{one.field}", one.message) for one in problems]
