"""Replays a stream's spool, oldest first, and notices when the database is back."""

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from frontage.base.logs import get_logger
from frontage.intake.batch import Batch, DeadLetter, Outcome, pack
from frontage.intake.counters import Tally
from frontage.intake.errors import StoreAwayError
from frontage.intake.failpoints import reached
from frontage.intake.lane import Lane
from frontage.intake.limits import Limits
from frontage.intake.rows import packed_reader
from frontage.intake.sink import Sink
from frontage.intake.spool import Record
from frontage.intake.spooler import Portion, Spooler
from frontage.intake.stream import NO_TENANT, BoundStream

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 1.0
_HEALTHY = 4
"""A portion from the spool may take this many budgets and the database still counts as fast enough for live events."""

logger = get_logger(__name__)


class Drainer:
    """Empties the spool of one stream."""

    def __init__(
        self, stream: BoundStream, lane: Lane, sink: Sink, spooler: Spooler, tally: Tally, limits: Limits
    ) -> None:
        self._stream = stream
        self._lane = lane
        self._sink = sink
        self._spooler = spooler
        self._tally = tally
        self._limits = limits
        self._unpack = packed_reader(stream.stream.row)
        self._wanted = asyncio.Event()

    def wake(self) -> None:
        """There is something to replay, or a database to wait for."""
        self._wanted.set()

    async def run(self) -> None:
        """Replay whenever there is something, for ever."""
        pause = _FIRST_PAUSE
        while True:
            if not self._tally.spooled and not self._tally.away:
                await self._sink.close()
                self._wanted.clear()
                await self._wanted.wait()
            try:
                await self.step()
                pause = _FIRST_PAUSE
            except (StoreAwayError, TimeoutError) as error:
                # The lane has told that the database is away, and will tell that it is back.
                logger.debug("intake.drain_waits", stream=self._lane.label, error=str(error) or "too slow")
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            except Exception:
                # Whatever is wrong with one portion, its events are still in the spool; stopping would strand them.
                logger.exception("intake.drain_fault", stream=self._lane.label)
                await asyncio.sleep(_LONGEST_PAUSE)

    async def step(self) -> None:
        """Replay one portion; with nothing to replay, see whether the database answers."""
        loop = asyncio.get_running_loop()
        await self._lane.settle_late()
        portion = await self._spooler.oldest(self._lane.label, self._limits.replay_events)
        started = loop.time()
        if portion is None:
            async with asyncio.timeout(self._limits.replay_seconds):
                await self._sink.store(Batch())
        else:
            await self._replay(portion)
        if loop.time() - started < _HEALTHY * self._limits.budget_seconds:
            self._lane.come_back()
        elif portion is None:
            raise TimeoutError

    async def _replay(self, portion: Portion) -> None:
        self._tally.take(portion.events)
        outcome = Outcome()
        try:
            reached("drain.before")
            async with asyncio.timeout(self._limits.replay_seconds):
                for batch in self._batches(portion.records):
                    outcome += await self._store(batch)
        except BaseException:
            self._tally.put_back(portion.events)
            raise
        assert outcome.total == portion.events, "every event of a portion has one fate"
        self._tally.deliver(outcome)
        self._lane.on_stored()
        reached("drain.committed")
        await self._spooler.remove(portion)
        reached("drain.removed")

    async def _store(self, batch: Batch) -> Outcome:
        """Store a batch without the events of tenants that were deleted meanwhile; those are counted as dead."""
        gone = await self._sink.erased(sorted({event.tenant for event in batch.events}))
        if not gone:
            return await self._sink.store(batch)
        left = [at for at, event in enumerate(batch.events) if event.tenant not in gone]
        events, packed = [batch.events[at] for at in left], [batch.packed[at] for at in left]
        outcome = await self._sink.store(Batch(events, packed, batch.dead, id=batch.id))
        outcome.dead += len(batch.events) - len(left)
        return outcome

    def _batches(self, records: list[Record]) -> Iterator[Batch]:
        """The records as few batches as may be; without rows the id of a batch matters, so each stays by itself."""
        if not self._stream.stream.keep:
            yield from map(self._batch, records)
            return
        together = Batch()
        for record in records:
            batch = self._batch(record)
            together.events += batch.events
            together.packed += batch.packed
            together.dead += batch.dead
        yield together

    def _batch(self, record: Record) -> Batch:
        if not record.sound:
            return Batch(dead=_unreadable(record, "the spool's bytes are not those that were written"))
        if record.kind == "dead":
            return Batch(dead=msgspec.msgpack.decode(record.payload, type=list[DeadLetter]))
        try:
            events = self._unpack(record.payload)
        except (msgspec.DecodeError, ValueError, TypeError):
            return self._one_by_one(record)
        return Batch(events, [pack(event) for event in events], id=record.batch)

    def _one_by_one(self, record: Record) -> Batch:
        """Events of another version of the plugin: those that still fit, and the rest as dead letters."""
        batch = Batch(id=record.batch)
        for raw in msgspec.msgpack.decode(record.payload, type=list[msgspec.Raw]):
            packed = bytes(raw)
            try:
                batch.events += self._unpack(b"\x91" + packed)
                batch.packed.append(packed)
            except (msgspec.DecodeError, ValueError, TypeError) as error:
                batch.dead.append(_outdated(packed, str(error)))
        return batch


def _unreadable(record: Record, reason: str) -> list[DeadLetter]:
    whole = DeadLetter(NO_TENANT, record.batch, reason, json.dumps({"bytes": record.payload.hex()}))
    # One letter carries the bytes; the others only keep the count right.
    return [whole] + [DeadLetter(NO_TENANT, record.batch, reason, "{}")] * (record.size - 1)


def _outdated(packed: bytes, reason: str) -> DeadLetter:
    known: dict[str, Any] = msgspec.msgpack.decode(packed)
    return DeadLetter(_as_id(known.get("tenant")), _as_id(known.get("id")), reason, json.dumps(known, default=_as_text))


def _as_id(value: object) -> UUID:
    return UUID(bytes=value) if isinstance(value, bytes) and len(value) == 16 else NO_TENANT


def _as_text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if isinstance(value, datetime) else str(value)
