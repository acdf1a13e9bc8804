"""Rate limits that many processes count together, in Redis or Valkey; the script beside this file decides.

While the store is away each process admits its share by itself. Once it is back, and also if it comes back having
forgotten what it counted, a process admits at most its share until a whole window has been counted by the store.
"""

import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b, sha1
from importlib.resources import files

from msgspec.structs import replace
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from frontage.base.store_url import StoreUrl
from frontage.edge.limits import DAY, Ask, MemoryLimiter, Verdict
from frontage.edge.store_link import BUDGET_SECONDS, StoreLink, StoreLostError, command
from frontage.tenants.policy import LONGEST_WINDOW, Window

SCRIPT = files("frontage.edge").joinpath("shared_limits.lua").read_bytes()
BIRTH = b"{frontage}:birth"
"""The key that tells since when the store has counted. All keys carry one tag, so that in a cluster too they lie on one
node, which decides all windows of a request in one step."""

_MOST_NAMES = 16_384


class SharedLimiter:
    """Counts in a store that other processes share; decides alone, by this process's share, while it is away.

    `name_key` makes the names of counters unreadable: it has to be the same in all processes. `budget` is how long a
    decision may wait before the store counts as lost.
    """

    def __init__(
        self,
        url: StoreUrl,
        name_key: bytes,
        *,
        processes: int = 1,
        on_nearing: Callable[[Ask, Window], None] | None = None,
        budget: float = BUDGET_SECONDS,
        script: bytes = SCRIPT,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._local = MemoryLimiter(processes=processes, on_nearing=on_nearing, monotonic=monotonic, wall=wall)
        self._processes = processes
        self._on_nearing = on_nearing
        self._monotonic = monotonic
        self._wall = wall
        self._by_name = (b"EVALSHA", sha1(script, usedforsecurity=False).hexdigest().encode())
        self._by_text = (b"EVAL", script)
        self._link = StoreLink(url, command(*self._by_text, b"1", BIRTH), self._heed, budget=budget)
        self._name = lru_cache(maxsize=_MOST_NAMES)(_Namer(name_key))
        self._birth = b""
        """Since when the store had counted when it was heard last; empty before that."""
        self._losses = 0
        self._doubted_since: float | None = None
        """When the store came back after its last loss."""
        self._alone = 0

    async def start(self) -> None:
        """Connect to the store; until it answers, this process decides alone."""
        await self._link.start()

    async def stop(self) -> None:
        """Leave the store."""
        await self._link.stop()

    @property
    def is_shared(self) -> bool:
        """Whether the store answers."""
        return self._link.is_up

    def decide_now(self, asks: Sequence[Ask]) -> Verdict | None:
        """The process's own verdict while the store is away, None while it has to be asked."""
        return None if self._link.is_up else self._decide_alone(asks)

    async def decide(self, asks: Sequence[Ask]) -> Verdict:
        """Admit and count the request in every window of `asks`, or refuse it and count it in none."""
        asks = [ask for ask in asks if ask.windows]
        if not asks:
            return Verdict(True, 0, 0, 0, None, 0, asks)
        doubted = self._doubted(asks)
        own = self._local.decide_now(doubted) if doubted else None
        if own is not None and not own.admitted:
            return self._shown(own, asks, doubted)
        try:
            verdict = self._verdict(await self._ask(asks), asks)
        except StoreLostError:
            return self._decide_alone(asks, doubted, own)
        if not doubted and verdict.admitted and (doubted := self._doubted(asks)):
            # This very answer, or one just before it, told that the store had forgotten.
            own = self._local.decide_now(doubted)
        return verdict if own is None else self._shown(_tighter(own, verdict), asks, doubted)

    def collect(self) -> Iterator[Metric]:
        """The families, for a Prometheus registry."""
        yield GaugeMetricFamily(
            "frontage_limit_store_up", "Whether the shared store of limits answers.", value=self._link.is_up
        )
        losses = CounterMetricFamily(
            "frontage_limit_store_losses", "How often the shared store of limits was lost.", labels=["reason"]
        )
        for reason, number in self._link.losses.items():
            losses.add_metric([reason], number)
        yield losses
        yield CounterMetricFamily(
            "frontage_limit_alone", "Requests decided by this process's share for want of the store.", value=self._alone
        )

    def _decide_alone(self, asks: Sequence[Ask], doubted: Sequence[Ask] = (), own: Verdict | None = None) -> Verdict:
        """The process's own verdict; `own` is the one on what is doubted, which has counted this request already."""
        self._alone += 1
        if own is None:
            return replace(self._local.decide_now(asks), alone=True)
        pairs = zip(asks, doubted, strict=True)
        rest = [_narrowed(ask, [one for one in ask.windows if one not in doubt.windows]) for ask, doubt in pairs]
        if any(ask.windows for ask in rest):
            own = _tighter(own, self._local.decide_now(rest))
        return replace(own, asks=asks, processes=self._processes, alone=True)

    async def _ask(self, asks: Sequence[Ask]) -> list[bytes]:
        """What the script answers, in words."""
        keys = [BIRTH, *[self._name(ask.policy, ask.subject) for ask in asks]]
        words = [b"%d" % len(keys), *keys, *[word for ask in asks for word in _words(ask.windows)]]
        line = await self._link.ask(command(*self._by_name, *words))
        if line.startswith(b"-NOSCRIPT"):
            line = await self._link.ask(command(*self._by_text, *words))
        try:
            return self._heed(line)
        except StoreLostError as error:
            self._link.give_up(error)
            raise

    def _heed(self, line: bytes) -> list[bytes]:
        """The words of an answer, after hearing whether the store was lost since the last one or has forgotten."""
        if not line.startswith(b"+"):
            raise StoreLostError("refused", line)
        words = line[1:].split()
        losses = self._link.times_lost
        if losses != self._losses or (self._birth and words[0] != self._birth):
            self._doubted_since = self._monotonic()
        self._birth, self._losses = words[0], losses
        return words

    def _doubted(self, asks: Sequence[Ask]) -> list[Ask]:
        """The asks with those windows alone that the store has not counted for their whole length since its loss."""
        if self._doubted_since is None:
            return []
        age = self._monotonic() - self._doubted_since
        if age >= LONGEST_WINDOW:
            self._doubted_since = None
        narrowed = [_narrowed(ask, [window for window in ask.windows if window.seconds > age]) for ask in asks]
        return narrowed if any(ask.windows for ask in narrowed) else []

    def _shown(self, verdict: Verdict, asks: Sequence[Ask], doubted: Sequence[Ask]) -> Verdict:
        """The verdict under the quotas that were applied: shares for what is doubted, the whole for the rest."""
        shown = [
            _narrowed(ask, [self._share(window) if window in doubt.windows else window for window in ask.windows])
            for ask, doubt in zip(asks, doubted, strict=True)
        ]
        return replace(verdict, asks=shown, processes=1)

    def _share(self, window: Window) -> Window:
        return Window(window.quota // self._processes, window.seconds)

    def _verdict(self, words: Sequence[bytes], asks: Sequence[Ask]) -> Verdict:
        tightest, reset, *left = map(int, words[1:])
        windows = [(ask, window) for ask in asks for window in ask.windows]
        fewest = min(left)
        admitted = fewest > 0
        remaining, retry_after = (fewest - 1, None) if admitted else (0, reset)
        if admitted and self._on_nearing:
            for (ask, window), before in zip(windows, left, strict=True):
                if before == window.quota // 5 + 1 and window.seconds >= DAY:
                    self._on_nearing(ask, window)
        limit = windows[tightest - 1][1].quota
        return Verdict(admitted, limit, remaining, reset, retry_after, int(self._wall()), asks)


class _Namer:
    """Names the counters of a policy and a subject; nobody without the key can tell whose they are."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __call__(self, policy: str, subject: Hashable) -> bytes:
        parts = subject if isinstance(subject, tuple) else (subject,)
        text = "\0".join([policy, *map(str, parts)])
        return b"{frontage}:" + blake2b(text.encode(), key=self._key, digest_size=16).hexdigest().encode()


@lru_cache(maxsize=1024)
def _words(windows: tuple[Window, ...]) -> list[bytes]:
    numbers = [len(windows), *[number for window in windows for number in (window.seconds, window.quota)]]
    return [b"%d" % number for number in numbers]


def _narrowed(ask: Ask, windows: Iterable[Window]) -> Ask:
    return Ask(ask.policy, ask.subject, tuple(windows))


def _tighter(one: Verdict, other: Verdict) -> Verdict:
    """The one to tell of two verdicts on a request: the refusal, else that with fewer remaining or the later reset."""
    return min(one, other, key=lambda verdict: (verdict.admitted, verdict.remaining, -verdict.reset))
