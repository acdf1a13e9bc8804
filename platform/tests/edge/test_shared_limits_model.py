"""The store's script against the limiter in memory: the same calls at the same moments get the same verdicts."""

import asyncio

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frontage.base.store_url import StoreUrl
from frontage.edge.limits import Ask, MemoryLimiter
from frontage.edge.shared_limits import SCRIPT, SharedLimiter
from frontage.tenants.policy import Window

SECOND = 64
"""Moments are whole numbers of a binary fraction of a second: exact for a float clock, and whole microseconds."""
MICROSECONDS = 1_000_000 // SECOND
CLOCK = SCRIPT.replace(b"redis.call('TIME')", b"redis.call('LRANGE', 'clock', 0, 1)")
assert CLOCK != SCRIPT

LENGTHS = (1, 2, 7, 60, 86_400)
windows = st.lists(
    st.builds(Window, quota=st.integers(1, 8), seconds=st.sampled_from(LENGTHS)), min_size=1, max_size=3
).map(tuple)
one_ask = st.builds(
    Ask,
    policy=st.sampled_from(["key", "visitor"]),
    subject=st.sampled_from(["a", "b", ("a", "b")]),
    windows=windows,
)
pauses = st.one_of(
    st.just(0),
    st.integers(0, 3),
    st.integers(0, 3 * SECOND),
    st.integers(0, 130 * SECOND),
    st.integers(0, 200_000 * SECOND),
)
steps = st.lists(st.tuples(pauses, st.lists(one_ask, min_size=1, max_size=2), st.integers(1, 9)), max_size=20)


class Pair:
    """Both limiters under one clock, and a server that reads it from a list."""

    def __init__(self, server) -> None:
        self.server = server
        self.loop = asyncio.Runner()
        self.now = 0
        options = {"wall": self.seconds, "monotonic": self.seconds}
        self.shared = SharedLimiter(StoreUrl.parse(server.url), b"name key", budget=60, script=CLOCK, **options)
        self.options = options
        self.set(10**9 * SECOND)
        self.loop.run(self.shared.start())

    def seconds(self) -> float:
        return self.now / SECOND

    def set(self, now: int) -> None:
        self.now = now
        seconds, rest = divmod(now, SECOND)
        self.server.ask(
            "EVAL",
            "redis.call('DEL', 'clock') redis.call('RPUSH', 'clock', ARGV[1], ARGV[2])",
            0,
            seconds,
            rest * MICROSECONDS,
        )

    def forget(self) -> MemoryLimiter:
        """A new memory, and a store without counters, long after everything before."""
        self.set(self.now + 10**6 * SECOND)
        return MemoryLimiter(**self.options)

    def decide(self, asks):
        return self.loop.run(self.shared.decide(asks))

    def close(self) -> None:
        self.loop.run(self.shared.stop())
        self.loop.close()


def numbers(verdict):
    return verdict.admitted, verdict.limit, verdict.remaining, verdict.reset, verdict.retry_after, verdict.headers


def test_the_store_decides_as_memory_does(redis_server):
    """Any policies, changed between calls, at any pauses, twice the same window, bursts to the end of a quota."""
    pair = Pair(redis_server)

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(steps)
    def check(steps):
        memory = pair.forget()
        for pause, asks, calls in steps:
            pair.set(pair.now + pause)
            for _ in range(calls):
                assert numbers(pair.decide(asks)) == numbers(memory.decide_now(asks))

    try:
        check()
    finally:
        pair.close()


def test_the_store_frees_at_the_same_moment_as_memory(redis_server):
    """At both sides of every edge of a sub-window around the end of a window, whether there was a call between or not."""
    pair, two_seconds = Pair(redis_server), 2 * SECOND
    minute = [Ask("key", "a", (Window(3, 60),))]
    try:
        for gap in range(28, 34):
            for aside in (-1, 0, 1):
                for between in (0, 1, 15):
                    memory = pair.forget()
                    pair.set(pair.now // two_seconds * two_seconds)
                    for step in (between * two_seconds, (gap - between) * two_seconds + aside, 1):
                        for _ in range(2):
                            assert numbers(pair.decide(minute)) == numbers(memory.decide_now(minute))
                        pair.set(pair.now + step)
                    assert numbers(pair.decide(minute)) == numbers(memory.decide_now(minute)), (gap, aside, between)
    finally:
        pair.close()


def test_of_windows_without_a_request_left_that_with_the_later_reset_is_told(redis_server):
    """Also where a lowered quota has left one of them overdrawn: a retry has to wait for both."""
    pair = Pair(redis_server)
    try:
        memory = pair.forget()
        for windows in [(Window(10, 60), Window(6, 3_600))] * 6 + [(Window(4, 60), Window(6, 3_600))]:
            asks = [Ask("key", "a", windows)]
            told = pair.decide(asks)
            assert numbers(told) == numbers(memory.decide_now(asks))
        assert (told.limit, told.reset > 3_000) == (6, True)
    finally:
        pair.close()


def test_of_two_quotas_over_one_count_that_which_is_overdrawn_is_told(redis_server):
    """Both wait equally long; the order in which a policy names its windows means nothing."""
    pair = Pair(redis_server)
    try:
        memory = pair.forget()
        for windows in [(Window(2, 60),)] * 2 + [(Window(2, 60), Window(1, 60))]:
            asks = [Ask("key", "a", windows)]
            told = pair.decide(asks)
            assert numbers(told) == numbers(memory.decide_now(asks))
        assert (told.admitted, told.limit) == (False, 1)
    finally:
        pair.close()


def test_a_step_back_of_the_servers_clock_frees_nothing_and_locks_nobody_out(redis_server):
    """What was counted goes on counting for a window from then on, not until the clock has caught up."""
    pair, minute = Pair(redis_server), [Ask("key", "a", (Window(5, 60),))]
    try:
        assert [pair.decide(minute).admitted for _ in range(6)] == [True] * 5 + [False]
        pair.set(pair.now - 3_600 * SECOND)
        for _ in range(60):
            verdict = pair.decide(minute)
            assert not verdict.admitted
            assert 0 < verdict.reset <= 62
            pair.set(pair.now + SECOND)
        pair.set(pair.now + 4 * SECOND)
        assert [pair.decide(minute).admitted for _ in range(6)] == [True] * 5 + [False]
    finally:
        pair.close()
