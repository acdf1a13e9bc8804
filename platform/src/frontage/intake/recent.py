"""What a worker has just written, until it is counted: its own rollups need not unpack it again."""

from collections.abc import Sequence

from frontage.intake.stream import Event

_MOST_EVENTS = 20_000


class Recent:
    """Events by their row of the outbox; the oldest make room, and are then unpacked like those of other workers."""

    def __init__(self) -> None:
        self._held: dict[int, Sequence[Event]] = {}
        self._events = 0

    def hold(self, row: int, events: Sequence[Event]) -> None:
        """Remember what a row of the outbox tells of."""
        self._held[row] = events
        self._events += len(events)
        while self._events > _MOST_EVENTS:
            self.take(next(iter(self._held)))

    def take(self, row: int) -> Sequence[Event] | None:
        """The events of a row, once."""
        events = self._held.pop(row, None)
        self._events -= len(events or ())
        return events
