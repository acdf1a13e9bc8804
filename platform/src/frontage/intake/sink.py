"""What the parts ask of a database: take a batch, roll up what has gathered. One implementation for each of the two."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from frontage.intake.batch import Batch, Outcome
from frontage.intake.stream import BoundStream


class Sink(Protocol):
    """Puts the events of one stream into its table."""

    async def connect(self) -> None:
        """Be ready for the first batch, so that it does not wait for it."""

    async def store(self, batch: Batch) -> Outcome:
        """Store a batch in one transaction. StoreAwayError: nothing is known of it, and it may be stored again."""

    async def erased(self, tenants: Sequence[UUID]) -> set[UUID]:
        """Those of these tenants that were deleted for good."""

    def abandon(self) -> None:
        """Give up what is under way, at once."""

    async def close(self) -> None:
        """Let go of the database."""


@dataclass(frozen=True, slots=True)
class Rolled:
    """What one pass over the outbox did."""

    events: int
    lag: float = 0.0
    full: bool = False
    """Whether it stopped at its limit: there is probably more."""


class Rolls(Protocol):
    """Counts the events of one stream from the outbox into its rollups."""

    async def roll(self, *, events: int, rows: int) -> Rolled | None:
        """Roll up the oldest rows of the outbox, up to this many; None while another worker is at it."""

    async def postpone(self, rows: list[int], *, attempts: int, retry_at: float, park: bool, reason: str) -> None:
        """Leave rows whose rollup raised for later, or for an operator."""

    async def parked(self) -> int:
        """How many rows of the outbox wait for an operator."""

    async def close(self) -> None:
        """Let go of the database."""


class Backend(Protocol):
    """Makes the sinks of a database."""

    def sink(self, stream: BoundStream, *, patient: bool = False) -> Sink:
        """A sink for a stream, with a connection of its own where there is such; a patient one may take long."""

    def rolls(self, stream: BoundStream) -> Rolls:
        """What rolls a stream up."""

    async def close(self) -> None:
        """Let go of everything."""
