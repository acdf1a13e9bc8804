"""The way of one stream's events: from the queue to the database, or to the spool when that is away."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

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

logger = get_logger(__name__)


@dataclass(slots=True)
class _Late:
    """A write that went beyond its budget, and where its batch lies instead."""

    batch: Batch
    write: "asyncio.Future[Outcome]"
    place: Place | None = None


class Lane:
    """One stream of one worker."""

    def __init__(self, stream: BoundStream, sink: Sink, spooler: Spooler, tally: Tally, limits: Limits) -> None:
        self.label = stream.label
        self._sink = sink
        self._spooler = spooler
        self._tally = tally
        self._budget = limits.budget_seconds
        self._queue = Queue(tally, limits)
        self._late: _Late | None = None
        self.on_stored: Callable[[], None] = _nothing
        """Told when there is something to roll up."""
        self.on_away: Callable[[], None] = _nothing
        """Told when there is something to replay, or a database to wait for."""

    def put(self, events: Sequence[Event], tenant: UUID | None) -> "asyncio.Future[None]":
        """Take events in; the future is done when they are kept, and fails with IntakeRefusedError otherwise."""
        good: list[Event] = []
        packed: list[bytes] = []
        dead: list[DeadLetter] = []
        for event in events:
            if tenant is not None:
                msgspec.structs.force_setattr(event, "tenant", tenant)
            _check(event)
            try:
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

    async def run(self) -> None:
        """Write batch after batch until the queue ends."""
        while (batch := await self._queue.take()) is not None:
            reached("queue.taken")
            try:
                await self._keep(batch)
            except IntakeRefusedError as refused:
                self._refuse(batch, refused)
            except Exception:
                # The last line: whatever is wrong here, those who wait must hear that their events are not kept, and
                # the next batch must have its chance.
                logger.exception("intake.write_fault", stream=self.label)
                self._refuse(batch, IntakeRefusedError("fault"))
            except BaseException:
                self._refuse(batch, IntakeRefusedError("stopping"))
                raise
            else:
                _answer(batch)
            finally:
                self._queue.settled(batch)

    def end(self) -> None:
        """Take no more events in."""
        self._queue.end()

    def come_back(self) -> None:
        """The database answers again: write to it."""
        if self._tally.away:
            self._tally.away = 0
            logger.info("intake.database_back", stream=self.label)

    async def _keep(self, batch: Batch) -> None:
        if not self._tally.away and await self._write(batch):
            return
        try:
            place = await self._spooler.append(self.label, batch)
        finally:
            self.on_away()
        self._tally.spool(len(batch))
        if self._late is not None and self._late.batch is batch:
            self._late.place = place

    async def _write(self, batch: Batch) -> bool:
        write = asyncio.ensure_future(self._sink.store(batch))
        try:
            done, _ = await asyncio.wait((write,), timeout=self._budget)
        except BaseException:
            write.cancel()
            raise
        if not done:
            # It may well end well: those who wait are answered from the spool, and the write is not thrown away.
            self._late = _Late(batch, write)
            self._go_away("too slow")
            return False
        try:
            outcome = write.result()
        except StoreAwayError as error:
            self._go_away(str(error))
            return False
        assert outcome.total == len(batch), "every event of a batch has one fate"
        self._tally.keep(outcome)
        self.on_stored()
        return True

    async def settle_late(self) -> None:
        """See what became of the write that took too long. When it ended well, its batch need not be replayed."""
        late, self._late = self._late, None
        if late is None:
            return
        done, _ = await asyncio.wait((late.write,), timeout=_PATIENCE_SECONDS)
        if not done:
            late.write.cancel()
            await asyncio.wait((late.write,))
        if late.write.cancelled() or late.write.exception() is not None or late.place is None:
            return
        if await self._spooler.forget(late.place):
            self._tally.take(len(late.batch))
            self._tally.deliver(late.write.result())
            self.on_stored()

    def _go_away(self, reason: str) -> None:
        self._tally.away = 1
        logger.warning("intake.database_away", stream=self.label, error=reason)

    def _refuse(self, batch: Batch, refused: IntakeRefusedError) -> None:
        self._tally.dropped[refused.reason] += len(batch)
        for waiter in batch.waiters:
            if not waiter.done():
                waiter.set_exception(refused)


def _check(event: Event) -> None:
    if event.tenant == NO_TENANT:
        raise ValueError(f"{type(event).__name__} has no tenant")
    if event.occurred.tzinfo is None or event.received.tzinfo is None:
        raise ValueError(f"{type(event).__name__}: a moment without a zone cannot be stored")


def _answer(batch: Batch) -> None:
    reached("answer.before")
    for waiter in batch.waiters:
        if not waiter.done():
            waiter.set_result(None)
    reached("answer.after")


def _nothing() -> None:
    pass
