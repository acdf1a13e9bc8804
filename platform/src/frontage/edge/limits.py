"""Rate limits: whether one more request is admitted, and what the headers tell the client about it.

All windows that a request falls under are decided in one step; one that refuses leaves the others as they were.
"""

import time
from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Protocol

import msgspec

from frontage.edge.ring import TICKS_PER_SECOND, Ring, RingTable
from frontage.tenants.policy import Window, format_windows

DAY = 86_400
"""Windows of this many seconds and more are watched for nearing their end."""

Header = tuple[bytes, bytes]

_LEFT = attrgetter("left")
_DIGITS = [b"%d" % number for number in range(10_001)]


class Ask(msgspec.Struct, frozen=True):
    """One caller, under these windows; `subject` is opaque (an id or a digest, never a raw address)."""

    policy: str
    subject: Hashable
    windows: tuple[Window, ...]


class Verdict(msgspec.Struct, frozen=True):
    """The answer to one request, in the numbers of the window with the fewest requests remaining.

    A Struct for speed: one is made for every request.
    """

    admitted: bool
    limit: int
    remaining: int
    reset: int
    retry_after: int | None
    decided_at: int
    """The Unix second of the decision."""
    asks: Sequence[Ask]
    processes: int = 1
    """Among how many processes the quotas are divided."""
    alone: bool = False
    """Whether this process decided alone because the shared store is away."""

    @property
    def headers(self) -> list[Header]:
        """The RateLimit fields of draft 06 and their X- aliases, rendered when asked for; none without a window."""
        policy = _policy_field(self.processes, *[ask.windows for ask in self.asks])
        if not policy:
            return []
        limit, remaining, reset = _digits(self.limit), _digits(self.remaining), _digits(self.reset)
        headers = [
            (b"ratelimit-policy", policy),
            (b"ratelimit-limit", limit),
            (b"ratelimit-remaining", remaining),
            (b"ratelimit-reset", reset),
            (b"x-ratelimit-limit", limit),
            (b"x-ratelimit-remaining", remaining),
            (b"x-ratelimit-reset", b"%d" % (self.decided_at + self.reset)),
        ]
        if self.retry_after is not None:
            headers.append((b"retry-after", _digits(self.retry_after)))
        return headers


class Limiter(Protocol):
    """Decides whether one more request is admitted: counts it in every window of its asks, or refuses it in none."""

    def decide_now(self, asks: Sequence[Ask]) -> Verdict | None:
        """The verdict if it can be had without waiting; None, and nothing counted, if `decide` must be awaited."""
        ...

    async def decide(self, asks: Sequence[Ask]) -> Verdict:
        """The verdict, whatever it takes."""
        ...


class _Gauge(msgspec.Struct):
    """One window of an ask: the ring that counts it, the quota that this process may admit, and what is left of it."""

    ask: Ask
    window: Window
    ring: Ring
    quota: int
    left: int


class MemoryLimiter:
    """Counts in the memory of one process, for one event loop.

    Each of `processes` admits its share, the whole part of quota ÷ processes, and its headers tell the share; a
    share of nothing refuses always. Two windows of one length for the same subject and policy are one count that
    two quotas judge.

    Memory is bounded by `capacity` counters (about 0.5 kB each). When all of them are live, new subjects share a
    fixed set of overflow counters, 1024 for each length of window: they may be refused too early, nobody is
    admitted too often. `on_nearing` hears of each window of a day or more whose count reaches 80 % of its share.
    """

    def __init__(
        self,
        *,
        processes: int = 1,
        capacity: int = 100_000,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        on_nearing: Callable[[Ask, Window], None] | None = None,
    ) -> None:
        self._processes = processes
        self._rings = RingTable(capacity)
        self._monotonic = monotonic
        self._wall = wall
        self._on_nearing = on_nearing
        self._tick = 0

    async def decide(self, asks: Sequence[Ask]) -> Verdict:
        """Admit and count the request in every window of `asks`, or refuse it and count it in none."""
        return self.decide_now(asks)

    def decide_now(self, asks: Sequence[Ask]) -> Verdict:
        """Like `decide`, without a coroutine: nothing else can run between the look and the count."""
        tick = self._read_clock()
        gauges = self._gauges(asks, tick)
        if not gauges:
            return Verdict(True, 0, 0, 0, None, 0, asks)
        fewest = gauges[0].left
        admitted = fewest > 0
        if admitted:
            self._count(gauges, tick)
        limit, reset = _tightest(gauges, tick)
        remaining, retry_after = (fewest - 1, None) if admitted else (0, reset)
        return Verdict(admitted, limit, remaining, reset, retry_after, int(self._wall()), asks, self._processes)

    def _read_clock(self) -> int:
        tick = int(self._monotonic() * TICKS_PER_SECOND)
        if tick < self._tick:
            # A clock that steps back stands still instead: time that was counted is never counted again.
            return self._tick
        self._tick = tick
        return tick

    def _gauges(self, asks: Sequence[Ask], tick: int) -> list[_Gauge]:
        """A gauge for every window, that with the fewest left first."""
        gauges = []
        for ask in asks:
            for window in ask.windows:
                ring = self._rings.find((ask.policy, ask.subject, window.seconds), tick)
                quota = window.quota // self._processes
                gauges.append(_Gauge(ask, window, ring, quota, quota - ring.total))
        gauges.sort(key=_LEFT)
        return gauges

    def _count(self, gauges: list[_Gauge], tick: int) -> None:
        for gauge in gauges:
            # Two windows of one length have one ring, and it counts the request once.
            if gauge.ring.total == gauge.quota - gauge.left:
                gauge.ring.take()
        # Only now: a ring that had stood empty could be reclaimed while it was still to count this request.
        for gauge in gauges:
            if not gauge.ring.is_kept:
                self._rings.keep(gauge.ring, tick)
            if gauge.left == gauge.quota // 5 + 1 and gauge.window.seconds >= DAY and self._on_nearing:
                self._on_nearing(gauge.ask, gauge.window)


def _tightest(gauges: list[_Gauge], tick: int) -> tuple[int, int]:
    """Quota and reset of the window with the fewest requests left; of equal ones, of that with the later reset.

    Exhausted windows are equal here, even one that a lowered quota left overdrawn: a retry has to wait for them all.
    """
    bound = max(gauges[0].left, 0)
    quota = latest = 0
    for gauge in gauges:
        if gauge.left > bound:
            break
        wait = gauge.ring.wait(gauge.quota, tick)
        if wait > latest:
            quota, latest = gauge.quota, wait
    return quota, -(-latest // TICKS_PER_SECOND)


def _digits(number: int) -> bytes:
    return _DIGITS[number] if number < len(_DIGITS) else b"%d" % number


@lru_cache(maxsize=1024)
def _policy_field(processes: int, *policies: tuple[Window, ...]) -> bytes:
    shares = [Window(window.quota // processes, window.seconds) for windows in policies for window in windows]
    return format_windows(tuple(dict.fromkeys(shares))).encode()
