"""Counters of what was admitted: a ring of sub-windows each, and a table of rings that cannot outgrow its capacity.

Time is counted in whole ticks of a thirtieth of a second. A sub-window of a window of `w` seconds is then `w` ticks
long, so that every edge is an integer and no rounding of floats can free a request too early.
"""

from array import array
from collections import OrderedDict
from collections.abc import Hashable

TICKS_PER_SECOND = 30
"""Also the number of sub-windows in a window: that is what makes one of them `w` ticks long."""

ALIVE = TICKS_PER_SECOND + 1
"""The current sub-window and the thirty before it: older ones have left the window to the last request."""

SHARED_RINGS = 1024
"""How many rings of one window length newcomers share while the table is full."""

_SWEPT_PER_NEWCOMER = 4
_EMPTY = array("I", [0] * ALIVE)

RingKey = tuple[str, Hashable, int]
"""Policy, subject, seconds of the window. Not the quota: a changed one judges the counts that are there."""


class Ring:
    """What one counter admitted, per sub-window; a sub-window counts until it has wholly left the window."""

    __slots__ = ("counts", "is_kept", "key", "newest", "oldest", "seconds", "total")

    def __init__(self, key: RingKey, newest: int = 0) -> None:
        self.key = key
        self.seconds = key[2]
        self.newest = newest
        self.oldest = newest
        self.counts = _EMPTY[:]
        self.total = 0
        self.is_kept = False

    def copy_for(self, key: RingKey) -> "Ring":
        """A ring for `key` that starts with everything counted here."""
        ring = Ring(key, self.newest)
        ring.oldest = self.oldest
        ring.counts = self.counts[:]
        ring.total = self.total
        return ring

    def take(self) -> None:
        """Count one request in the newest sub-window."""
        if not self.total:
            self.oldest = self.newest
        self.counts[self.newest % ALIVE] += 1
        self.total += 1

    def turn(self, newest: int) -> None:
        """Move on to sub-window `newest` and forget those that have left."""
        if newest - self.newest >= ALIVE:
            self.counts = _EMPTY[:]
            self.total = 0
        elif self.total:
            self._forget(self.newest + 1, newest)
        self.newest = newest

    def _forget(self, first: int, last: int) -> None:
        # A sub-window lies where the one 31 before it lay: making room for the new is forgetting the old.
        for sub_window in range(first, last + 1):
            index = sub_window % ALIVE
            self.total -= self.counts[index]
            self.counts[index] = 0

    def is_spent(self, tick: int) -> bool:
        """Whether nothing counted here matters any more."""
        return not self.total or tick // self.seconds - self.newest >= ALIVE

    def wait(self, quota: int, tick: int) -> int:
        """Ticks until one more is admitted when `quota` is exhausted, otherwise until the ring is empty again.

        Asked of a ring that is exhausted or has just counted a request. A quota of nothing never admits; a whole
        window is then as good an answer as any.
        """
        if self.total < quota:
            return self._leaves(self.newest) - tick
        surplus = self.total - quota
        # `oldest` may have left or have emptied since; it spares a burst's refusals the walk over the whole ring.
        for sub_window in range(max(self.oldest, self.newest - ALIVE + 1), self.newest + 1):
            surplus -= self.counts[sub_window % ALIVE]
            if surplus < 0:
                return self._leaves(sub_window) - tick
        return self.seconds * TICKS_PER_SECOND

    def _leaves(self, sub_window: int) -> int:
        return (sub_window + ALIVE) * self.seconds


class RingTable:
    """At most `capacity` rings by key, whatever keys arrive.

    Each newcomer pushes a clock hand over a few rings and reclaims the spent ones. While the table is full of live
    rings, newcomers share a fixed set of rings, 1024 for each length of window: they may be refused for what others
    did, yet nobody is admitted beyond a quota. Whoever gets a ring of its own later starts with what the shared one
    counted, for its own requests are among them.
    """

    __slots__ = ("_capacity", "_own", "_shared")

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        # Ordered for the clock hand: the front of a plain dict gets slow to find once many fronts were deleted.
        self._own: OrderedDict[RingKey, Ring] = OrderedDict()
        self._shared: dict[tuple[int, int], Ring] = {}

    def __len__(self) -> int:
        return len(self._own) + len(self._shared)

    def find(self, key: RingKey, tick: int) -> Ring:
        """The ring of `key` as it stands at `tick`; a newcomer's is not kept before `keep`."""
        ring = self._own.get(key) or self._newcomer(key)
        newest = tick // ring.seconds
        if newest != ring.newest:
            ring.turn(newest)
        return ring

    def keep(self, ring: Ring, tick: int) -> None:
        """Keep a newcomer's ring that has counted its first request, or count that request in a shared ring."""
        self._sweep(tick)
        if len(self._own) < self._capacity:
            ring.is_kept = True
            self._own[ring.key] = ring
        else:
            self._count_shared(ring)

    def _newcomer(self, key: RingKey) -> Ring:
        shared = self._shared.get(_shared_key(key))
        return shared.copy_for(key) if shared else Ring(key)

    def _count_shared(self, ring: Ring) -> None:
        shared = self._shared.setdefault(_shared_key(ring.key), Ring(ring.key, ring.newest))
        shared.turn(ring.newest)
        shared.take()

    def _sweep(self, tick: int) -> None:
        for _ in range(min(_SWEPT_PER_NEWCOMER, len(self._own))):
            key = next(iter(self._own))
            if self._own[key].is_spent(tick):
                del self._own[key]
            else:
                self._own.move_to_end(key)


def _shared_key(key: RingKey) -> tuple[int, int]:
    return hash(key) % SHARED_RINGS, key[2]
