"""The limiter against a plain model: for each counter the list of moments at which it admitted."""

from collections import defaultdict
from collections.abc import Hashable

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from frontage.edge.limits import Ask, MemoryLimiter, Verdict
from frontage.edge.ring import SHARED_RINGS
from frontage.tenants.policy import Window

SECOND = 1024
"""Moments are whole numbers of a binary fraction of a second, so that the float clock is exact."""

LENGTHS = (1, 2, 7, 60, 86_400)
Key = tuple[str, Hashable, int]

windows = st.lists(
    st.builds(Window, quota=st.integers(1, 8), seconds=st.sampled_from(LENGTHS)), min_size=1, max_size=3
).map(tuple)
pauses = st.one_of(
    st.integers(0, 40),  # within a sub-window even of the shortest
    st.integers(0, 3 * SECOND),
    st.integers(0, 130 * SECOND),
    st.integers(0, 200_000 * SECOND),
    st.integers(0, 10**9 * SECOND),
)


def some_asks(subjects: st.SearchStrategy[Hashable]) -> st.SearchStrategy[list[Ask]]:
    one = st.builds(Ask, policy=st.sampled_from(["key", "visitor"]), subject=subjects, windows=windows)
    return st.lists(one, min_size=1, max_size=2)


few = some_asks(st.sampled_from(["a", "b", ("a", "b")]))
many = some_asks(st.integers(0, 40))


class _LimiterMachine(RuleBasedStateMachine):
    """Callers of changing policies, at moments of a clock that rests, jumps and steps back."""

    capacity: int

    def __init__(self) -> None:
        super().__init__()
        self.clock = 0
        self.now = 0
        self.admitted: dict[Key, list[int]] = defaultdict(list)
        self.limiter = MemoryLimiter(capacity=self.capacity, monotonic=lambda: self.clock / SECOND)

    @rule(pause=pauses)
    def wait(self, pause):
        self.clock += pause

    @rule(step=pauses)
    def step_back(self, step):
        self.clock = max(0, self.clock - step)

    @rule(pause=st.integers(0, 3 * SECOND))
    def catch_up_after_a_step_back(self, pause):
        self.clock = self.now + pause

    @invariant()
    def memory_is_bounded(self):
        assert len(self.limiter._rings) <= self.capacity + SHARED_RINGS * len(LENGTHS)

    def call(self, asks: list[Ask]) -> Verdict:
        self.now = max(self.now, self.clock)
        verdict = self.limiter.decide_now(asks)
        self.check_decision(asks, verdict)
        if verdict.admitted:
            for key in {key for key, _ in counters(asks)}:
                self.admitted[key].append(self.now)
        self.check_numbers(asks, verdict)
        return verdict

    def call_until_refused(self, asks: list[Ask]) -> Verdict:
        while (verdict := self.call(asks)).admitted:
            pass
        return verdict

    def retry_as_told(self, asks: list[Ask]) -> None:
        verdict = self.call_until_refused(asks)
        self.clock = self.now + (verdict.retry_after - 1) * SECOND
        assert not self.call(asks).admitted
        self.clock += SECOND
        assert self.call(asks).admitted

    def check_decision(self, asks: list[Ask], verdict: Verdict) -> None:
        if verdict.admitted:
            assert all(self.needed(key) < quota for key, quota in counters(asks))

    def check_numbers(self, asks: list[Ask], verdict: Verdict) -> None:
        most = min(quota - self.needed(key) for key, quota in counters(asks))
        longest = max(seconds for (_, _, seconds), _ in counters(asks))
        assert 0 <= verdict.remaining <= max(0, most)
        assert 0 < verdict.reset <= longest * 31 / 30 + 1
        assert verdict.limit in {quota for _, quota in counters(asks)}
        assert verdict.retry_after == (None if verdict.admitted else verdict.reset)

    def needed(self, key: Key) -> int:
        """What a count must hold: everything of the last `w` seconds."""
        return sum(self.now - moment <= key[2] * SECOND for moment in self.admitted[key])

    def allowed(self, key: Key) -> int:
        """What a count may hold: everything of the last `w` and `w`/30 seconds."""
        return sum((self.now - moment) * 30 < key[2] * 31 * SECOND for moment in self.admitted[key])


def counters(asks: list[Ask]) -> list[tuple[Key, int]]:
    return [((ask.policy, ask.subject, window.seconds), window.quota) for ask in asks for window in ask.windows]


class RoomForAll(_LimiterMachine):
    """With room for every counter the limiter admits neither more nor less than it may."""

    capacity = 1_000

    @rule(asks=few)
    def call_once(self, asks):
        self.call(asks)

    @rule(asks=few)
    def burst(self, asks):
        self.call_until_refused(asks)

    @rule(asks=few)
    def obey(self, asks):
        self.retry_as_told(asks)

    def check_decision(self, asks: list[Ask], verdict: Verdict) -> None:
        super().check_decision(asks, verdict)
        if not verdict.admitted:
            assert any(self.allowed(key) >= quota for key, quota in counters(asks))

    def check_numbers(self, asks: list[Ask], verdict: Verdict) -> None:
        super().check_numbers(asks, verdict)
        assert verdict.remaining >= min(quota - self.allowed(key) for key, quota in counters(asks))


class FullTable(_LimiterMachine):
    """With room for three counters only it still admits nobody beyond a quota."""

    capacity = 3

    @rule(asks=many)
    def call_once(self, asks):
        self.call(asks)

    @rule(asks=many)
    def burst(self, asks):
        self.call_until_refused(asks)

    @rule(asks=many)
    def obey(self, asks):
        self.retry_as_told(asks)


TestRoomForAll = RoomForAll.TestCase
TestFullTable = FullTable.TestCase
TestRoomForAll.settings = TestFullTable.settings = settings(deadline=None, max_examples=100, stateful_step_count=40)
