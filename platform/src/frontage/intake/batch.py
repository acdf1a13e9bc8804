"""Events on their way together: what one write stores, and what became of it."""

import asyncio
from dataclasses import dataclass, field
from operator import attrgetter, lt
from typing import Self
from uuid import UUID

import msgspec

from frontage.base.ids import new_id
from frontage.intake.stream import Event

_encoder = msgspec.msgpack.Encoder(uuid_format="bytes", decimal_format="string")
pack = _encoder.encode
"""One event as bytes, as it lies in the outbox and in the spool."""


_ID = attrgetter("tenant.int", "id.int")


@dataclass(slots=True)
class Outcome:
    """What became of the events of a batch."""

    stored: int = 0
    duplicate: int = 0
    dead: int = 0

    def __iadd__(self, other: "Outcome") -> Self:
        """Add another part's outcome."""
        self.stored += other.stored
        self.duplicate += other.duplicate
        self.dead += other.dead
        return self

    @property
    def total(self) -> int:
        """How many events it speaks of."""
        return self.stored + self.duplicate + self.dead


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that could not be stored, as text that every database takes, and why."""

    tenant: UUID
    id: UUID
    reason: str
    payload: str


@dataclass(slots=True)
class Batch:
    """Events of one stream that are written together, and those who wait for it."""

    events: list[Event] = field(default_factory=list)
    packed: list[bytes] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)
    """Events that cannot even be packed; they are written as dead letters with their neighbours."""
    waiters: list["asyncio.Future[None]"] = field(default_factory=list)
    size: int = 0
    id: UUID = field(default_factory=new_id)
    """Tells a replay of this batch from a new one, for streams that keep no rows."""

    def __len__(self) -> int:
        """How many events it holds, dead ones included."""
        return len(self.events) + len(self.dead)

    def part(self, start: int, stop: int) -> "Batch":
        """Some of its events."""
        return Batch(self.events[start:stop], self.packed[start:stop])


def join_packed(packed: list[bytes]) -> bytes:
    """Packed events as one packed list."""
    count = len(packed)
    if count < 16:
        head = bytes((0x90 | count,))
    elif count < 1 << 16:
        head = b"\xdc" + count.to_bytes(2, "big")
    else:
        head = b"\xdd" + count.to_bytes(4, "big")
    return head + b"".join(packed)


def sorted_once(batch: Batch) -> Batch:
    """The batch in the one order in which workers insert, each event once; opposite orders would deadlock."""
    ids = list(map(_ID, batch.events))
    if all(map(lt, ids, ids[1:])):
        return batch  # as ids of the server's own making come: they grow with time
    # One id is one event on one day; moments are in UTC.
    keys = [(*name, event.occurred.toordinal()) for name, event in zip(ids, batch.events, strict=True)]
    keyed = {key: position for position, key in enumerate(reversed(keys))}
    last = len(keys) - 1
    order = [last - keyed[key] for key in sorted(keyed)]
    return Batch(
        [batch.events[position] for position in order],
        [batch.packed[position] for position in order],
        batch.dead,
        id=batch.id,
    )
