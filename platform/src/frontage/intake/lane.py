"""The way of one stream's events: from the queue to the database, or to the spool when that is away."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Literal
from uuid import UUID

import msgspec
from msgspec.structs import force_setattr

from frontage.base.logs import get_logger
from frontage.intake.batch import Batch, DeadLetter, Outcome, pack
from frontage.intake.counters import Tally
from frontage.intake.dead_letters import dead_letter
from frontage.intake.errors import IntakeRefusedError, StoreAwayError
from frontage.intake.failpoints import reached
from frontage.intake.limits import Limits
from frontage.intake.queue import Queue
from frontage.intake.sink import Sink
from frontage.intake.spooler import Place, Spooler
from frontage.intake.stream import NO_TENANT, BoundStream, Event

_PATIENCE_SECONDS = 2.0
"""How long a late write is waited for before its connection is thrown away."""

_MOMENTS = ("occurred", "received")
_BUSY = 8
_GATHER_SECONDS = 0.001

logger = get_logger(__name__)


@dataclass(slots=True)
class _Write:
    """A write under way; once it is overdue, somebody else looks after its batch."""

    batch: Batch
    overdue: bool = False
    task: "asyncio.Task[None] | None" = None
    place: Place | None = None
    """Where the batch lies instead."""
    outcome: Outcome | None = None


class Lane:
    """One stream of one worker."""

    def __init__(self, stream: BoundStream, sink: Sink, spooler: Spooler, tally: Tally, limits: Limits) -> None:
        self.label = stream.label
        self._sink = sink
        self._spooler = spooler
        self._tally = tally
        self._budget = limits.budget_seconds
        self._queue = Queue(tally, limits)
        self._runner: asyncio.Task[None] | None = None
        self._late: _Write | None = None
        self.on_stored: Callable[[], None] = _nothing
        """Told when there is something to roll up."""
        self.on_away: Callable[[], None] = _nothing
        """Told when there is something to replay, or a database to wait for."""

    def start(self) -> None:
        """Begin to write."""
        self._runner = asyncio.create_task(self._run())

    async def finish(self) -> None:
        """Take no more events in, and wait until all that were taken are answered."""
        self._queue.end()
        runner = None
        while runner is not self._runner:
            runner = self._runner
            assert runner
            await asyncio.wait((runner,))

    def put(self, events: Sequence[Event], tenant: UUID | None) -> "asyncio.Future[None]":
        """Take events in; the future is done when they are kept, and fails with IntakeRefusedError otherwise."""
        good: list[Event] = []
        packed: list[bytes] = []
        dead: list[DeadLetter] = []
        for given in events:
            event = given if tenant is None or given.tenant is tenant else _of(given, tenant)
            odd = event.tenant is NO_TENANT or event.occurred.tzinfo is not UTC or event.received.tzinfo is not UTC
            if odd:
                _refuse_nonsense(event)
            try:
                if odd:
                    _mend(event)
                packed.append(pack(event))
                good.append(event)
            except (ValueError, TypeError, OverflowError, RecursionError) as error:
                dead.append(dead_letter(event, f"{type(error).__name__}: {error}"))
        waiter = asyncio.get_running_loop().create_future()
        try:
            self._queue.put(good, packed, dead, waiter)
        except IntakeRefusedError as refused:
            self._tally.dropped[refused.reason] += len(events)
            raise
        return waiter

    def come_back(self) -> None:
        """The database answers again: write to it, unless a write of before is still on its way."""
        if self._tally.away and self._late is None:
            self._tally.away = 0
            logger.info("intake.database_back", stream=self.label)

    async def settle_late(self) -> None:
        """See what became of the write that took too long. When it ended well, its batch need not be replayed."""
        late, self._late = self._late, None
        if late is None or late.task is None:
            return
        done, _ = await asyncio.wait((late.task,), timeout=_PATIENCE_SECONDS)
        if not done:
            self._sink.abandon()
            late.task.cancel()
            await asyncio.wait((late.task,), timeout=_PATIENCE_SECONDS)
        if late.outcome is not None and late.place is not None and await self._spooler.forget(late.place):
            self._tally.take(len(late.batch))
            self._tally.deliver(late.outcome)
            self.on_stored()

    async def _run(self) -> None:
        while (batch := await self._queue.take()) is not None:
            reached("queue.taken")
            fate = "away" if self._tally.away else await self._write(batch)
            if fate == "overdue":
                return
            if fate == "away":
                await self._spool(batch)
            elif len(batch.waiters) >= _BUSY and not self._queue.holds_full_batch:
                # Those who were answered send their next event at once: a moment later they share a write.
                await asyncio.sleep(_GATHER_SECONDS)

    async def _write(self, batch: Batch) -> Literal["settled", "away", "overdue"]:
        write = _Write(batch)
        timer = asyncio.get_running_loop().call_later(self._budget, self._overdue, write)
        try:
            write.outcome = await self._sink.store(batch)
        except StoreAwayError as error:
            if not write.overdue:
                self._go_away(str(error))
            return "overdue" if write.overdue else "away"
        except Exception:
            # The last line: whatever is wrong here, those who wait must hear that their events are not kept, and the
            # next batch must have its chance.
            logger.exception("intake.write_fault", stream=self.label)
            if not write.overdue:
                self._refuse(batch, IntakeRefusedError("fault"))
            return "overdue" if write.overdue else "settled"
        except asyncio.CancelledError:
            if not write.overdue:
                self._refuse(batch, IntakeRefusedError("stopping"))
            raise
        finally:
            timer.cancel()
        if write.overdue:
            return "overdue"
        assert write.outcome.total == len(batch), "every event of a batch has one fate"
        self._tally.keep(write.outcome)
        self._answer(batch)
        self.on_stored()
        return "settled"

    def _overdue(self, write: _Write) -> None:
        """A write takes too long. It may well end well: it goes on, while a successor answers from the spool."""
        write.overdue, write.task = True, self._runner
        self._late = write
        self._go_away("too slow")
        self._runner = asyncio.create_task(self._carry_on(write))

    async def _carry_on(self, late: _Write) -> None:
        late.place = await self._spool(late.batch)
        await self._run()

    async def _spool(self, batch: Batch) -> Place | None:
        try:
            place = await self._spooler.append(self.label, batch)
        except IntakeRefusedError as refused:
            self._refuse(batch, refused)
            return None
        except Exception:
            # As above: a fault here is never an acknowledgement, and never the end of the line.
            logger.exception("intake.spool_fault", stream=self.label)
            self._refuse(batch, IntakeRefusedError("fault"))
            return None
        except asyncio.CancelledError:
            self._refuse(batch, IntakeRefusedError("stopping"))
            raise
        finally:
            self.on_away()
        self._tally.spool(len(batch))
        self._answer(batch)
        return place

    def _go_away(self, reason: str) -> None:
        self._tally.away = 1
        logger.warning("intake.database_away", stream=self.label, error=reason)

    def _answer(self, batch: Batch) -> None:
        self._queue.settled(batch)
        reached("answer.before")
        for waiter in batch.waiters:
            if not waiter.done():
                waiter.set_result(None)
        reached("answer.after")

    def _refuse(self, batch: Batch, refused: IntakeRefusedError) -> None:
        self._queue.settled(batch)
        self._tally.dropped[refused.reason] += len(batch)
        for waiter in batch.waiters:
            if not waiter.done():
                waiter.set_exception(refused)


def _of(event: Event, tenant: UUID) -> Event:
    """The event as this tenant's; one that was kept for another before is still to be counted as it was."""
    if event.tenant is not NO_TENANT:
        return msgspec.structs.replace(event, tenant=tenant)
    force_setattr(event, "tenant", tenant)
    return event


def _refuse_nonsense(event: Event) -> None:
    """Without a tenant, or with a moment that has no zone, an event makes no sense: its caller's mistake."""
    if event.tenant == NO_TENANT:
        raise ValueError(f"{type(event).__name__} has no tenant")
    for name in _MOMENTS:
        if getattr(event, name).tzinfo is None:
            raise ValueError(f"{type(event).__name__}: {name} has no zone")


def _mend(event: Event) -> None:
    """Put an event's moments into UTC; one at the very end of the calendar may have none there: OverflowError."""
    for name in _MOMENTS:
        force_setattr(event, name, getattr(event, name).astimezone(UTC))


def _nothing() -> None:
    pass
