"""Where the events of one stream gather while a write is under way: the next write takes them together."""

import asyncio
from collections import deque

from frontage.intake.batch import Batch, DeadLetter
from frontage.intake.counters import Tally
from frontage.intake.errors import IntakeRefusedError
from frontage.intake.limits import Limits
from frontage.intake.stream import Event


class Queue:
    """Bounded in events and bytes; many put, one takes."""

    def __init__(self, tally: Tally, limits: Limits) -> None:
        self._tally = tally
        self._limits = limits
        self._batches: deque[Batch] = deque()
        self._bytes = 0
        self._filled = asyncio.Event()
        self._ended = False

    def put(
        self, events: list[Event], packed: list[bytes], dead: list[DeadLetter], waiter: "asyncio.Future[None]"
    ) -> None:
        """Add the events of one call; IntakeRefusedError when there is no room for all of them."""
        count = len(events) + len(dead)
        size = sum(map(len, packed))
        if self._ended:
            raise IntakeRefusedError("stopping")
        if self._tally.waiting + count > self._limits.queue_events or self._bytes + size > self._limits.queue_bytes:
            raise IntakeRefusedError("queue_full")
        batch = self._open_batch(count)
        batch.events += events
        batch.packed += packed
        batch.dead += dead
        batch.size += size
        batch.waiters.append(waiter)
        self._tally.waiting += count
        self._bytes += size
        self._filled.set()

    async def take(self) -> Batch | None:
        """The oldest batch, as soon as there is one; None when the queue has ended and is empty."""
        while not self._batches:
            if self._ended:
                return None
            self._filled.clear()
            await self._filled.wait()
        return self._batches.popleft()

    @property
    def holds_full_batch(self) -> bool:
        """Whether a batch that takes no more is waiting already: one behind it was opened."""
        return len(self._batches) > 1

    def settled(self, batch: Batch) -> None:
        """Give back the room of a batch whose fate is known."""
        self._tally.waiting -= len(batch)
        self._bytes -= batch.size

    def end(self) -> None:
        """Take no more; what has gathered can still be taken."""
        self._ended = True
        self._filled.set()

    def _open_batch(self, count: int) -> Batch:
        if not self._batches or len(self._batches[-1]) + count > self._limits.batch_events:
            self._batches.append(Batch())
        return self._batches[-1]
