"""What a rate limit admits, and what it tells the client."""

import asyncio

import http_sf
import pytest

from frontage.edge.limits import Ask, MemoryLimiter, Verdict
from frontage.edge.ring import SHARED_RINGS
from frontage.tenants.policy import parse_windows

UNIX_START = 1_700_000_000.75


class Clock:
    """Both clocks of a limiter, held still until a test moves them."""

    def __init__(self, start: float = 1_000.0) -> None:
        self.start = start
        self.now = start

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return UNIX_START + self.now - self.start


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def limiter(clock):
    return a_limiter(clock)


def a_limiter(clock: Clock, **options) -> MemoryLimiter:
    return MemoryLimiter(monotonic=clock.monotonic, wall=clock.wall, **options)


def ask(windows: str, *, policy: str = "publishable", subject: str | tuple[str, ...] = "a key") -> Ask:
    return Ask(policy, subject, parse_windows(windows))


def admitted(limiter: MemoryLimiter, *asks: Ask, tries: int) -> int:
    return sum(limiter.decide_now(asks).admitted for _ in range(tries))


def numbers(verdict: Verdict) -> tuple[int, int, int]:
    return verdict.limit, verdict.remaining, verdict.reset


# What is admitted


@pytest.mark.parametrize("quota", [1, 10, 300])
async def test_parallel_requests_are_admitted_exactly_up_to_the_quota(limiter, quota):
    asks = [ask(f"{quota};w=60, 10000;w=86400")]
    verdicts = await asyncio.gather(*(limiter.decide(asks) for _ in range(2_000)))
    assert sum(verdict.admitted for verdict in verdicts) == quota


def test_remaining_counts_down_to_nothing_and_stays_there(limiter):
    verdicts = [limiter.decide_now([ask("300;w=60")]) for _ in range(303)]
    assert [verdict.remaining for verdict in verdicts] == [*range(299, -1, -1), 0, 0, 0]
    assert [verdict.admitted for verdict in verdicts] == [True] * 300 + [False] * 3


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        pytest.param(59.9, 60.1, 300, id="either side of a minute"),
        pytest.param(1.9, 2.1, 300, id="either side of a sub-window"),
        pytest.param(1.9, 61.9, 300, id="exactly a window apart"),
        pytest.param(0.0, 61.9, 300, id="the sub-window has not wholly left"),
        pytest.param(0.0, 62.0, 600, id="the sub-window has left"),
        pytest.param(0.0, 10_000_000.0, 600, id="long after"),
    ],
)
def test_two_bursts_share_a_quota_until_the_first_has_left_the_window(first, second, expected):
    clock = Clock(start=0.0)
    limiter, burst = a_limiter(clock), ask("300;w=60")
    clock.now = first
    count = admitted(limiter, burst, tries=300)
    clock.now = second
    assert count + admitted(limiter, burst, tries=300) == expected


def test_a_steady_client_loses_only_what_has_left(clock, limiter):
    steady = ask("10;w=60")
    for _ in range(10):
        assert limiter.decide_now([steady]).admitted
        clock.now += 4
    clock.now += 22  # the first request is now 62 seconds old, the second 58
    assert admitted(limiter, steady, tries=5) == 1


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(ask("5;w=60", policy="secret"), id="policy"),
        pytest.param(ask("5;w=60", subject="another key"), id="subject"),
        pytest.param(ask("5;w=60", subject=("a key", "an address")), id="subject of two parts"),
        pytest.param(ask("5;w=61"), id="length of the window"),
    ],
)
def test_counts_are_kept_apart_by(limiter, other):
    assert admitted(limiter, ask("5;w=60"), tries=9) == 5
    assert admitted(limiter, other, tries=9) == 5


def test_a_changed_quota_takes_effect_at_once_and_keeps_the_count(limiter):
    assert admitted(limiter, ask("10;w=60"), tries=6) == 6
    assert numbers(limiter.decide_now([ask("4;w=60")]))[:2] == (4, 0)
    assert admitted(limiter, ask("4;w=60"), tries=3) == 0
    assert admitted(limiter, ask("8;w=60"), tries=9) == 2


def test_two_windows_of_one_length_are_one_count_and_the_smaller_quota_decides(limiter):
    twice = ask("5;w=60, 3;w=60")
    assert limiter.decide_now([twice, twice]).remaining == 2
    assert admitted(limiter, twice, twice, tries=9) == 2
    assert admitted(limiter, ask("5;w=60"), tries=9) == 2


def test_a_request_under_no_window_is_admitted_without_headers(limiter):
    for asks in ([], [Ask("none", "a key", ())]):
        verdict = limiter.decide_now(asks)
        assert verdict.admitted
        assert verdict.headers == []


def test_a_clock_that_steps_back_stands_still(clock, limiter):
    stepping = ask("3;w=60")
    assert admitted(limiter, stepping, tries=2) == 2
    clock.now -= 3_600
    verdicts = [limiter.decide_now([stepping]) for _ in range(3)]
    assert [verdict.admitted for verdict in verdicts] == [True, False, False]
    assert all(0 < verdict.reset <= 62 for verdict in verdicts)
    clock.now += 3_600 + 62
    assert limiter.decide_now([stepping]).admitted


# All windows in one step


def test_what_the_day_refuses_consumes_nothing_of_the_minute(limiter):
    both = ask("10;w=60, 3;w=86400")
    assert admitted(limiter, both, tries=20) == 3
    assert admitted(limiter, ask("10;w=60"), tries=20) == 7


def test_what_the_minute_refuses_consumes_nothing_of_the_day(limiter):
    assert admitted(limiter, ask("3;w=60, 10;w=86400"), tries=20) == 3
    assert admitted(limiter, ask("10;w=86400"), tries=20) == 7


def test_what_one_ask_refuses_consumes_nothing_of_another(limiter):
    key, visitor = ask("10;w=60"), ask("2;w=60", policy="visitor", subject=("a key", "an address"))
    assert admitted(limiter, key, visitor, tries=20) == 2
    assert admitted(limiter, key, tries=20) == 8


def test_a_refused_newcomer_takes_no_memory(limiter):
    key = ask("1;w=60")
    limiter.decide_now([key])
    for number in range(100):
        limiter.decide_now([key, ask("5;w=60", policy="visitor", subject=f"visitor {number}")])
    assert len(limiter._rings) == 1


# What the client is told


@pytest.mark.parametrize(
    ("windows", "requests", "expected"),
    [
        pytest.param("300;w=60, 10000;w=86400", 1, (300, 299, 62), id="fresh: the minute has the fewest"),
        pytest.param("300;w=60, 5;w=86400", 1, (5, 4, 89_280), id="the day has the fewest"),
        pytest.param("300;w=60, 5;w=86400", 7, (5, 0, 89_280), id="the day is exhausted"),
        pytest.param("5;w=86400, 300;w=60", 7, (5, 0, 89_280), id="in whatever order they are written"),
    ],
)
def test_the_numbers_are_of_the_window_with_the_fewest_remaining(windows, requests, expected):
    limiter = a_limiter(Clock(start=0.0))
    for _ in range(requests):
        verdict = limiter.decide_now([ask(windows)])
    assert numbers(verdict) == expected


@pytest.mark.parametrize("windows", ["6;w=600, 3;w=60", "3;w=60, 6;w=600"])
def test_of_equally_few_remaining_the_later_reset_is_told(windows):
    clock = Clock(start=0.0)
    limiter = a_limiter(clock)
    admitted(limiter, ask("6;w=600"), tries=3)
    assert numbers(limiter.decide_now([ask(windows)])) == (6, 2, 620)
    assert admitted(limiter, ask(windows), tries=1) == 1
    assert numbers(limiter.decide_now([ask(windows)])) == (6, 0, 620)
    assert numbers(limiter.decide_now([ask(windows)])) == (6, 0, 620)


def test_reset_of_a_window_with_some_left_is_when_it_is_empty_again(clock, limiter):
    limiter.decide_now([ask("10;w=60")])
    clock.now += 30.5
    reset = limiter.decide_now([ask("10;w=60")]).reset
    clock.now += reset - 1
    assert not limiter.decide_now([ask("1;w=60")]).admitted
    clock.now += 1
    assert limiter.decide_now([ask("1;w=60")]).admitted


def test_reset_of_an_exhausted_window_is_when_it_admits_one_more(clock, limiter):
    calls = ask("2;w=60")
    limiter.decide_now([calls])
    clock.now += 40
    verdict = limiter.decide_now([calls])
    assert verdict.admitted
    assert verdict.retry_after is None
    clock.now += verdict.reset - 1
    assert not limiter.decide_now([calls]).admitted
    clock.now += 1
    assert limiter.decide_now([calls]).admitted


@pytest.mark.parametrize("offset", [0.0, 0.015625, 0.984375, 1.5, 1.984375, 59.984375])
@pytest.mark.parametrize(
    "windows", ["1;w=1", "3;w=7", "3;w=60", "4;w=60, 3;w=3600", "3;w=60, 4;w=86400", "2;w=60, 1;w=60"]
)
def test_a_retry_after_the_told_time_succeeds_and_one_a_second_earlier_does_not(clock, limiter, windows, offset):
    clock.now += offset
    calls = ask(windows)
    while (verdict := limiter.decide_now([calls])).admitted:
        clock.now += 0.25
    assert verdict.retry_after == verdict.reset > 0
    clock.now += verdict.retry_after - 1
    assert not limiter.decide_now([calls]).admitted
    clock.now += 1
    assert limiter.decide_now([calls]).admitted


def test_retry_after_waits_for_every_exhausted_window_and_for_no_other(clock, limiter):
    minute, hour, day = (
        ask("2;w=60"),
        ask("2;w=3600", policy="hour"),
        ask("9;w=86400", policy="day"),
    )
    admitted(limiter, minute, hour, day, tries=2)
    verdict = limiter.decide_now([minute, hour, day])
    assert 3_600 <= verdict.retry_after <= 3_720
    assert verdict.limit == 2
    clock.now += verdict.retry_after
    assert limiter.decide_now([minute, hour, day]).admitted


def test_retry_after_a_lowered_quota_waits_until_enough_has_left(clock, limiter):
    for _ in range(6):
        limiter.decide_now([ask("6;w=60")])
        clock.now += 4
    lowered = ask("3;w=60")
    verdict = limiter.decide_now([lowered])
    assert numbers(verdict)[:2] == (3, 0)
    clock.now += verdict.retry_after - 1
    assert not limiter.decide_now([lowered]).admitted
    clock.now += 1
    assert admitted(limiter, lowered, tries=3) == 1


def test_an_exhausted_and_an_overdrawn_window_are_equal_and_both_are_waited_for(clock, limiter):
    admitted(limiter, ask("4;w=60"), tries=4)
    admitted(limiter, ask("2;w=3600"), tries=2)
    both = ask("1;w=60, 2;w=3600")
    verdict = limiter.decide_now([both])
    assert numbers(verdict)[:2] == (2, 0)
    clock.now += verdict.retry_after
    assert limiter.decide_now([both]).admitted


def test_headers_of_an_admitted_request():
    clock = Clock(start=0.0)
    verdict = a_limiter(clock).decide_now([ask("300;w=60, 10000;w=86400")])
    clock.now += 5  # rendered later, told as decided
    assert verdict.headers == [
        (b"ratelimit-policy", b"300;w=60, 10000;w=86400"),
        (b"ratelimit-limit", b"300"),
        (b"ratelimit-remaining", b"299"),
        (b"ratelimit-reset", b"62"),
        (b"x-ratelimit-limit", b"300"),
        (b"x-ratelimit-remaining", b"299"),
        (b"x-ratelimit-reset", b"1700000062"),
    ]


def test_headers_of_a_refused_request_end_with_retry_after():
    limiter = a_limiter(Clock(start=0.0))
    limiter.decide_now([ask("1;w=60")])
    assert limiter.decide_now([ask("1;w=60")]).headers[1:] == [
        (b"ratelimit-limit", b"1"),
        (b"ratelimit-remaining", b"0"),
        (b"ratelimit-reset", b"62"),
        (b"x-ratelimit-limit", b"1"),
        (b"x-ratelimit-remaining", b"0"),
        (b"x-ratelimit-reset", b"1700000062"),
        (b"retry-after", b"62"),
    ]


@pytest.mark.parametrize("offset", [0.0, 0.25, 0.5, 0.984375])
def test_both_resets_tell_the_same_moment_within_a_second(clock, limiter, offset):
    clock.now += offset
    headers = dict(limiter.decide_now([ask("300;w=60")]).headers)
    moment = clock.wall() + int(headers[b"ratelimit-reset"])
    assert abs(int(headers[b"x-ratelimit-reset"]) - moment) <= 1


@pytest.mark.parametrize(
    ("policies", "processes", "expected"),
    [
        pytest.param(["300;w=60"], 1, [(300, {"w": 60})], id="one"),
        pytest.param(["300;w=60, 10000;w=86400"], 1, [(300, {"w": 60}), (10_000, {"w": 86_400})], id="two"),
        pytest.param(["300;w=60", "60;w=60"], 1, [(300, {"w": 60}), (60, {"w": 60})], id="of two policies"),
        pytest.param(["60;w=60", "60;w=60, 9;w=9"], 1, [(60, {"w": 60}), (9, {"w": 9})], id="the same once"),
        pytest.param(["300;w=60, 10000;w=86400"], 3, [(100, {"w": 60}), (3_333, {"w": 86_400})], id="shares"),
        pytest.param(["7;w=60, 6;w=60"], 2, [(3, {"w": 60})], id="the same share once"),
        pytest.param(["1000000000;w=2678400"], 1, [(10**9, {"w": 2_678_400})], id="the largest"),
    ],
)
def test_the_policy_header_is_a_structured_field_with_every_window(clock, policies, processes, expected):
    limiter = a_limiter(clock, processes=processes)
    verdict = limiter.decide_now([ask(windows, policy=f"policy {n}") for n, windows in enumerate(policies)])
    field = dict(verdict.headers)[b"ratelimit-policy"]
    assert http_sf.parse(field, tltype="list") == expected
    assert http_sf.ser(expected) == field.decode()


def test_the_other_headers_are_structured_integers(limiter):
    limiter.decide_now([ask("1;w=86400")])
    for name, value in limiter.decide_now([ask("1;w=86400")]).headers[1:]:
        assert name == name.lower()
        parsed, parameters = http_sf.parse(value, tltype="item")
        assert isinstance(parsed, int)
        assert parameters == {}


# Many processes


@pytest.mark.parametrize(
    ("processes", "share"),
    [pytest.param(1, 10, id="one"), pytest.param(2, 5, id="two"), pytest.param(3, 3, id="rounded down")],
)
def test_each_process_admits_and_tells_its_share(clock, processes, share):
    limiter = a_limiter(clock, processes=processes)
    verdicts = [limiter.decide_now([ask("10;w=60")]) for _ in range(12)]
    assert sum(verdict.admitted for verdict in verdicts) == share
    assert {verdict.limit for verdict in verdicts} == {share}
    assert dict(verdicts[0].headers)[b"ratelimit-policy"] == b"%d;w=60" % share


def test_a_share_of_nothing_refuses_always(clock):
    limiter = a_limiter(clock, processes=4)
    for _ in range(3):
        verdict = limiter.decide_now([ask("3;w=60")])
        assert not verdict.admitted
        assert (*numbers(verdict), verdict.retry_after) == (0, 0, 60, 60)
        clock.now += 100


# Bounded memory


def test_any_number_of_subjects_stays_within_the_capacity_and_the_shared_counters(clock):
    limiter = a_limiter(clock, capacity=100)
    for number in range(5_000):
        limiter.decide_now([ask("3;w=60, 5;w=86400", subject=f"subject {number}")])
        clock.now += 0.25
    assert len(limiter._rings) <= 100 + 2 * SHARED_RINGS


def test_a_full_table_admits_nobody_beyond_the_quota(clock):
    limiter = a_limiter(clock, capacity=10)
    counts = [0] * 3_000
    for _ in range(5):
        for number in range(3_000):
            counts[number] += limiter.decide_now([ask("3;w=600", subject=f"subject {number}")]).admitted
        clock.now += 1
    assert max(counts) == 3
    assert sum(counts) >= 3 * SHARED_RINGS / 2  # shared counters admit, too


def test_spent_counters_make_room_for_newcomers(clock):
    limiter = a_limiter(clock, capacity=50)
    for generation in range(40):
        for number in range(50):
            limiter.decide_now([ask("3;w=60", subject=f"{generation} {number}")])
        clock.now += 62
    assert len(limiter._rings) <= 50


def test_the_longer_window_of_a_caller_survives_the_sweeping_of_the_shorter(clock):
    limiter = a_limiter(clock, capacity=20)
    assert admitted(limiter, ask("5;w=60, 8;w=86400"), tries=5) == 5
    for number in range(200):
        clock.now += 62
        limiter.decide_now([ask("3;w=60", subject=f"passer-by {number}")])
    assert admitted(limiter, ask("5;w=60, 8;w=86400"), tries=9) == 3


def test_whoever_leaves_a_shared_counter_takes_its_count_along(clock):
    limiter = a_limiter(clock, capacity=1)
    limiter.decide_now([ask("2;w=60", subject="first")])
    clock.now += 30
    limiter.decide_now([ask("2;w=60", subject="second")])
    clock.now += 32  # the first one's counter is spent, and the second one gets its place
    assert admitted(limiter, ask("2;w=60", subject="second"), tries=9) == 1


def test_an_emptied_counter_is_not_reclaimed_while_it_counts_a_request(clock):
    limiter = a_limiter(clock, capacity=1)
    old = ask("1;w=60", subject="old")
    limiter.decide_now([old])
    clock.now += 62
    assert limiter.decide_now([ask("1;w=60", subject="new"), old]).admitted
    assert not limiter.decide_now([old]).admitted


def test_a_subject_with_a_counter_of_its_own_leaves_the_shared_ones_alone(clock):
    limiter = a_limiter(clock, capacity=1)
    assert admitted(limiter, ask("5;w=60"), tries=9) == 5
    assert len(limiter._rings) == 1


def test_a_counter_that_emptied_is_reclaimed_though_its_subject_still_knocks(clock):
    limiter = a_limiter(clock, capacity=2)
    key, visitor = ask("1;w=3600"), ask("1;w=60", policy="visitor")
    limiter.decide_now([key, visitor])
    clock.now += 62
    assert not limiter.decide_now([key, visitor]).admitted
    limiter.decide_now([ask("1;w=60", subject="new")])
    assert len(limiter._rings) == 2


# Nearing the end of a day


@pytest.mark.parametrize(
    ("windows", "processes", "at"),
    [
        pytest.param("10;w=86400", 1, [8], id="at eighty percent"),
        pytest.param("300;w=60, 10;w=86400", 1, [8], id="of the day, not of the minute"),
        pytest.param("7;w=86400", 1, [6], id="at the first request that reaches it"),
        pytest.param("1;w=86400", 1, [1], id="of a quota of one"),
        pytest.param("10;w=604800", 1, [8], id="of a week"),
        pytest.param("10;w=86400", 2, [4], id="of the share"),
        pytest.param("10;w=86399", 1, [], id="of nothing shorter than a day"),
        pytest.param("10;w=604800, 20;w=86400", 1, [8], id="of each window by itself"),
    ],
)
def test_nearing_is_told_once(clock, windows, processes, at):
    told = []
    limiter = a_limiter(clock, processes=processes, on_nearing=lambda near, window: told.append((near, window)))
    calls = ask(windows)
    heard = []
    for number in range(1, 13):
        limiter.decide_now([calls])
        heard += [number] * len(told)
        assert all(near == calls and window.seconds >= 86_400 for near, window in told)
        told.clear()
    assert heard == at


def test_nearing_is_told_again_when_the_count_fell_and_rose_again(clock):
    told = []
    limiter = a_limiter(clock, on_nearing=lambda near, window: told.append(str(window)))
    admitted(limiter, ask("10;w=86400"), tries=12)
    clock.now += 2 * 86_400
    admitted(limiter, ask("10;w=86400"), tries=12)
    assert told == ["10;w=86400"] * 2
