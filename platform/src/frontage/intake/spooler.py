"""A worker's spool as the event loop sees it: append, read the oldest, forget; one thread does the waiting."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import msgspec

from frontage.base.ids import new_id, to_short
from frontage.base.logs import get_logger
from frontage.intake.batch import Batch, join_packed
from frontage.intake.errors import IntakeRefusedError, Refusal
from frontage.intake.failpoints import reached
from frontage.intake.spool import Part, Record, SpoolFile, adopt_spools, create_spool, room

T = TypeVar("T")
_WORTH_REPLACING = 8 << 20
"""An emptied file this big is replaced by a new one, so that its space goes back to the disk."""

logger = get_logger(__name__)


@dataclass(slots=True)
class _Held:
    """A file that this worker holds, and how far each stream of it has been replayed."""

    file: SpoolFile
    left: Counter[str]
    replayed: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Portion:
    """The oldest batches of a stream, from one file."""

    held: _Held
    stream: str
    records: list[Record]

    @property
    def events(self) -> int:
        """How many events it holds."""
        return sum(record.size for record in self.records)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a batch lies."""

    held: _Held
    stream: str
    seqs: list[int]
    events: int


class Spooler:
    """Every spool that this worker holds: its own, and those it has adopted."""

    def __init__(self, folder: Path, worker: str, *, most_bytes: int) -> None:
        self.folder = folder
        self._worker = worker
        self._most_bytes = most_bytes
        self._own: _Held | None = None
        self._last = 0
        self._older: list[_Held] = []
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="frontage-spool")
        self.room_left = 0
        """How many more bytes it would take, as of the last look."""

    async def start(self) -> Counter[str]:
        """Make this worker's own file and adopt those of dead ones; gives the events found, by stream.

        A disk that does not let it is no reason not to serve while the database is there: it is tried again later.
        """

        def begin() -> Counter[str]:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                self._ensure_own()
                self._measure()
                return self._adopt()
            except (OSError, sqlite3.Error):
                logger.exception("intake.spool_not_made", folder=str(self.folder))
                return Counter()

        return await self._run(begin)

    async def adopt(self) -> Counter[str]:
        """Adopt what dead workers have left; gives the events found, by stream."""
        return await self._run(self._adopt)

    async def append(self, stream: str, batch: Batch) -> Place:
        """Put a batch on disk. IntakeRefusedError when it cannot be: then it is not kept."""
        parts = [Part("events", len(batch.events), join_packed(batch.packed))] if batch.events else []
        if batch.dead:
            parts.append(Part("dead", len(batch.dead), msgspec.msgpack.encode(batch.dead)))
        reached("spool.before")
        place = await self._run(lambda: self._append(stream, batch, parts))
        if not isinstance(place, Place):
            raise IntakeRefusedError(place)
        reached("spool.after")
        return place

    async def oldest(self, stream: str, events: int) -> Portion | None:
        """The oldest batches of a stream, up to this many events, or None."""
        return await self._run(lambda: self._oldest(stream, events))

    async def remove(self, portion: Portion) -> None:
        """Forget what the database has."""
        await self._run(lambda: self._remove(portion))

    async def forget(self, place: Place) -> bool:
        """Forget a batch that the database has after all; False when it was replayed meanwhile."""
        return await self._run(lambda: self._forget_place(place))

    async def measure(self) -> None:
        """Look how much room is left."""
        await self._run(self._measure)

    async def close(self) -> None:
        """Close every file; what is in them is left to the next worker, an empty one is removed."""

        def end() -> None:
            for held in self._all():
                held.file.close() if held.left.total() else held.file.delete()
            self._older, self._own = [], None

        await self._run(end)
        self._thread.shutdown(wait=False)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _all(self) -> list[_Held]:
        return [*self._older, *([self._own] if self._own else [])]

    def _ensure_own(self) -> _Held:
        if self._own is None:
            self._own = _Held(create_spool(self.folder, f"{self._worker}-{to_short(new_id())}"), Counter())
            self._last = 0
        return self._own

    def _adopt(self) -> Counter[str]:
        found: Counter[str] = Counter()
        adopted, broken = adopt_spools(self.folder, {held.file.path for held in self._all()})
        for path in broken:
            logger.error("intake.spool_broken", path=str(path))
        for file in adopted:
            counts = Counter(file.counts())
            if not counts.total():
                file.delete()
                continue
            logger.info("intake.spool_adopted", path=str(file.path), events=counts.total())
            self._older.append(_Held(file, counts))
            found += counts
        return found

    def _measure(self) -> None:
        used = sum(held.file.bytes() for held in self._all())
        self.room_left = room(self.folder, used, self._most_bytes)

    def _append(self, stream: str, batch: Batch, parts: list[Part]) -> Place | Refusal:
        try:
            self._measure()
            if self.room_left < sum(len(part.payload) for part in parts):
                return "spool_full"
            return self._append_to_own(stream, batch, parts, tries=2)
        except OSError:
            return "io_error"

    def _append_to_own(self, stream: str, batch: Batch, parts: list[Part], tries: int) -> Place | Refusal:
        try:
            held = self._ensure_own()
            seqs = held.file.append(stream, batch.id, parts)
        except sqlite3.Error as error:
            if "full" in str(error):
                return "disk_full"
            logger.exception("intake.spool_failed")
            self._seal()
            return "io_error" if tries == 1 else self._append_to_own(stream, batch, parts, tries - 1)
        self._last = seqs[-1]
        held.left[stream] += len(batch)
        return Place(held, stream, seqs, len(batch))

    def _seal(self) -> None:
        """Never write again to a file whose sync has failed: what the disk has of it is unknown from there on."""
        if self._own is not None:
            self._own.file.sealed_at = self._last
            self._older.append(self._own)
            self._own = None

    def _oldest(self, stream: str, events: int) -> Portion | None:
        for held in self._all():
            if not held.left[stream]:
                continue
            records = held.file.oldest(stream, held.replayed.get(stream, 0), events)
            if records:
                return Portion(held, stream, records)
        return None

    def _remove(self, portion: Portion) -> None:
        held = portion.held
        held.left[portion.stream] -= portion.events
        held.replayed[portion.stream] = portion.records[-1].seq
        if not held.left.total() and (held is not self._own or held.file.bytes_on_disk() > _WORTH_REPLACING):
            held.file.delete()
            self._forget(held)
            return
        try:
            held.file.remove([record.seq for record in portion.records])
        except sqlite3.Error as error:
            # Removing needs room as well. What is replayed is known here, and what a crash forgets of that is replayed
            # once more, to no effect; the file goes as a whole once it is empty.
            logger.warning("intake.spool_not_trimmed", error=str(error))

    def _forget_place(self, place: Place) -> bool:
        try:
            there = place.held.file.remove(place.seqs) > 0
        except sqlite3.Error:
            # It is replayed then, to no effect.
            return False
        place.held.left[place.stream] -= place.events if there else 0
        return there

    def _forget(self, held: _Held) -> None:
        if held is self._own:
            self._own = None
        else:
            self._older.remove(held)
