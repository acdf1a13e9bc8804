"""Intake: `await accept(event)` returns when the event is on disk, and raises when it cannot be kept."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from frontage.base.clock import utc_now
from frontage.base.database import Database
from frontage.base.logs import get_logger
from frontage.intake.backends import backend_for
from frontage.intake.counters import Counters
from frontage.intake.drainer import Drainer
from frontage.intake.erasure import erase, erase_tenants, erased_since, export_tenant, mark_erased, tables_of
from frontage.intake.lane import Lane
from frontage.intake.limits import Limits
from frontage.intake.partitions import keep_partitions_ahead
from frontage.intake.reading import Rollups, RollupTablesByKind
from frontage.intake.recount import Difference, recount
from frontage.intake.retention import KeepOf, expire
from frontage.intake.roller import Roller
from frontage.intake.rollup_tables import ZoneOf
from frontage.intake.sink import Rolls, Sink
from frontage.intake.spooler import Spooler
from frontage.intake.stream import BoundStream, Event, Rollup
from frontage.intake.tables import dead_letter, rollup_table, stream_table

_ADOPT_SECONDS = 5.0
_STOP_SECONDS = 10.0
_LOOK_SECONDS = 0.2
_LEAST_ROOM = 1 << 20
_SWEEP_FOR = timedelta(days=30)
_KNOWN_EVERYWHERE = timedelta(minutes=2)
"""After this long no worker takes events for a tenant that was deleted."""

logger = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Health:
    """What a readiness check wants to know."""

    ready: bool
    """Whether events can be kept: by the database, or by a spool that has room."""
    degraded: tuple[str, ...]
    """What is not as it should be, in words."""
    spooled: int
    spool_room: int


@dataclass(frozen=True, slots=True)
class _Way:
    """Everything of one stream."""

    lane: Lane
    sink: Sink
    replay: Sink
    drainer: Drainer
    rolls: Rolls | None
    roller: Roller | None


def _utc(_tenant: UUID) -> ZoneInfo:
    return ZoneInfo("UTC")


class Intake(Collector):
    """The intake of one worker; make it, `start` it before the first request, `stop` it after the last."""

    def __init__(
        self,
        database: Database,
        data_dir: Path,
        streams: Sequence[BoundStream],
        *,
        worker: str,
        zone_of: ZoneOf = _utc,
        limits: Limits | None = None,
    ) -> None:
        self.streams = tuple(streams)
        self._database = database
        self._limits = limits or Limits()
        self._counters = Counters(worker, [stream.label for stream in streams])
        self._spooler = Spooler(data_dir / "spool", worker, most_bytes=self._limits.spool_bytes)
        self._backend = backend_for(database, zone_of, self._limits)
        self._ways = {stream.stream.row: self._way(stream) for stream in streams}
        if len(self._ways) != len(streams):
            raise TypeError("two streams cannot share one kind of row")
        self._workers: list[asyncio.Task[None]] = []
        self._tables = RollupTablesByKind(streams)
        self._zone_of = zone_of
        self._swept: set[UUID] = set()
        """Tenants of which nothing can come any more but from a spool, where it is let go of."""
        self.started = self.stopped = False

    async def begin(self) -> None:
        """Start, unless it has been started: for commands and demos, which mostly do without."""
        if not self.started:
            await self.start()

    async def start(self) -> None:
        """Open the spool, adopt those of dead workers, and begin to write. A database that is away does not matter."""
        self.started = True
        self._adopt(await self._spooler.start())
        for way in self._ways.values():
            way.lane.start()
            self._workers.append(asyncio.create_task(way.drainer.run()))
            if way.roller is not None:
                self._workers.append(asyncio.create_task(way.roller.run()))
        self._workers.append(asyncio.create_task(self._adopt_again()))
        if self._database.dialect == "postgresql":
            kept = [stream for stream in self.streams if stream.stream.keep]
            self._workers.append(asyncio.create_task(keep_partitions_ahead(self._database, kept)))
        await asyncio.gather(*(way.sink.connect() for way in self._ways.values()), return_exceptions=True)

    async def accept(self, events: Event | Sequence[Event], *, tenant: UUID | None = None) -> None:
        """Keep events, all of one tenant when it is given. They are on disk when this returns.

        IntakeRefusedError: nothing was acknowledged, and the caller may try again.
        """
        # A list first: whether something is a Struct of a kind is asked in Python, at ten times the cost.
        single = type(events) is not list and isinstance(events, Event)
        given: Sequence[Event] = (events,) if single else events  # type: ignore[assignment]
        kinds = set(map(type, given))
        if len(kinds) == 1:
            await self._ways[kinds.pop()].lane.put(given, tenant)
            return
        parts = [[event for event in given if type(event) is kind] for kind in kinds]
        waiters = [self._ways[type(part[0])].lane.put(part, tenant) for part in parts]
        await asyncio.gather(*waiters)

    def drop(self, kind: type[Event], reason: str, events: int = 1) -> None:
        """Count events that a route had to let go of in silence."""
        self._counters[self._ways[kind].lane.label].dropped[reason] += events

    async def stop(self) -> None:
        """Write what has gathered, to the spool if need be, count it, and let go of everything."""
        self.stopped = True
        await asyncio.gather(*(way.lane.finish() for way in self._ways.values()))
        for task in self._workers:
            task.cancel()
        # Bounded: what was cancelled in the middle of a session may wait for a database that has gone silent.
        await asyncio.wait(self._workers, timeout=_STOP_SECONDS)
        await asyncio.gather(*(way.lane.settle_late() for way in self._ways.values()))
        await self._count_the_rest()
        for way in self._ways.values():
            for part in (way.sink, way.replay, way.rolls):
                if part is not None:
                    await part.close()
        await self._spooler.close()
        await self._backend.close()

    async def draining(self) -> AsyncIterator[int]:
        """How many events are not drained yet, again and again until all are, or nothing moves for a while."""
        still, before = 0.0, -1
        while (left := self.undrained) and still < _STOP_SECONDS:
            yield left
            await asyncio.sleep(_LOOK_SECONDS)
            still = still + _LOOK_SECONDS if left == before else 0.0
            before = left

    @property
    def adopted(self) -> int:
        """How many events were found in the spools of dead workers."""
        return sum(tally.adopted for _label, tally in self._counters.items())

    @property
    def undrained(self) -> int:
        """How many events lie in a spool, those included that are on their way from there."""
        return sum(tally.spooled + tally.in_flight for _label, tally in self._counters.items())

    def collect(self) -> Iterator[Metric]:
        """The series of this worker, for a Prometheus registry; call it on the loop's thread."""
        return self._counters.families()

    def health(self) -> Health:
        """How it stands."""
        tallies = self._counters.items()
        degraded = [f"{label}: the database is away, events are spooled" for label, tally in tallies if tally.away]
        parked = [(label, tally.parked) for label, tally in tallies if tally.parked]
        degraded += [f"{label}: {count} batches wait for their rollup to be mended" for label, count in parked]
        room = self._spooler.room_left
        degraded += [] if room > _LEAST_ROOM else ["the spool has no room"]
        away = any(tally.away for _label, tally in tallies)
        return Health(
            ready=not away or room > _LEAST_ROOM,
            degraded=tuple(degraded),
            spooled=sum(tally.spooled for _label, tally in tallies),
            spool_room=max(room, 0),
        )

    def rollups(self, tenant: UUID) -> Rollups:
        """What has been counted for a tenant."""
        return Rollups(self._database, self._tables, tenant)

    @property
    def tables(self) -> list[sa.Table]:
        """Every table with tenants' rows that streams have."""
        return [*tables_of(self.streams), dead_letter]

    async def erase_tenant(self, tenant: UUID) -> None:
        """Delete every event of a tenant and what was counted from them, and let go of what still comes."""
        async with self._database.writing() as session:
            await mark_erased(session, tenant)
        await erase_tenants(self._database, self.streams, [tenant])

    async def sweep_erased(self) -> None:
        """Delete what came in of tenants after they were deleted, and what a deletion that was cut short has left.

        A job of every minute: for a while there may be a worker that still takes events for such a tenant.
        """
        now = utc_now()
        marked = await erased_since(self._database, now - _SWEEP_FOR)
        if late := set(marked) - self._swept:
            await erase_tenants(self._database, self.streams, late)
        self._swept = {tenant for tenant, at in marked.items() if at < now - _KNOWN_EVERYWHERE}

    async def erase(self, kind: type[Event | Rollup], tenant: UUID, **facts: Any) -> int:
        """Delete a tenant's rows of this kind that have these facts, such as one visitor's; gives how many."""
        (stream,) = (one for one in self.streams if kind is one.stream.row or kind in one.rollups)
        return await erase(self._database, stream, self.table(kind), tenant, facts)

    async def recount(
        self, kind: type[Event], tenant: UUID, *, since: date | None = None, mend: bool = False
    ) -> list[Difference]:
        """Where a tenant's counts are not what its rows of this kind say, on days from `since` on; see `recount`."""
        (stream,) = (stream for stream in self.streams if stream.stream.row is kind)
        return await recount(self._database, stream, tenant, self._zone_of, since=since, mend=mend)

    def table(self, kind: type[Event | Rollup]) -> sa.Table:
        """The table in which rows of this kind are kept."""
        for stream in self.streams:
            if kind is stream.stream.row:
                return stream_table(stream)
            if kind in stream.rollups:
                return rollup_table(stream, kind)
        raise TypeError(f"{kind.__name__} belongs to no stream")

    def export_tenant(self, tenant: UUID) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """Every row of a tenant, with the name of its table."""
        return export_tenant(self._database, self.streams, tenant)

    async def expire(self, tenants: Iterable[UUID], keep_of: KeepOf) -> int:
        """Delete rows that are older than they may be; gives how many. A daily job of one process is enough."""
        return await expire(self._database, self.streams, tenants, keep_of)

    def _way(self, stream: BoundStream) -> _Way:
        tally = self._counters[stream.label]
        sink, replay = self._backend.sink(stream), self._backend.sink(stream, patient=True)
        lane = Lane(stream, sink, self._spooler, tally, self._limits)
        drainer = Drainer(stream, lane, replay, self._spooler, tally, self._limits)
        lane.on_away = drainer.wake
        if stream.stream.rollup is None:
            return _Way(lane, sink, replay, drainer, None, None)
        rolls = self._backend.rolls(stream)
        roller = Roller(stream.label, rolls, tally, self._limits)
        lane.on_stored = roller.wake
        return _Way(lane, sink, replay, drainer, rolls, roller)

    async def _adopt_again(self) -> None:
        while True:
            await asyncio.sleep(_ADOPT_SECONDS)
            try:
                self._adopt(await self._spooler.adopt())
                await self._spooler.measure()
            except (OSError, sqlite3.Error) as error:
                logger.warning("intake.spool_not_read", error=str(error))

    def _adopt(self, found: dict[str, int]) -> None:
        for label, events in found.items():
            self._counters[label].adopt(events)
        for way in self._ways.values():
            way.drainer.wake()

    async def _count_the_rest(self) -> None:
        """One last rollup of each stream; what it does not reach, another worker or the next start counts."""
        rollers = [way.roller for way in self._ways.values() if way.roller is not None]
        steps = asyncio.gather(*(roller.finish() for roller in rollers), return_exceptions=True)
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await steps
        except TimeoutError:
            logger.warning("intake.rollup_left_at_stop")
