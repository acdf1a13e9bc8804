"""Limits that many processes count in one store: what is admitted while it is there, and while it is not."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from frontage.base.store_url import StoreUrl
from frontage.edge.limits import Ask
from frontage.edge.shared_limits import SharedLimiter
from frontage.tenants.policy import parse_windows

CALLER = Path(__file__).with_name("limit_caller.py")
SOON = 30.0
PATIENT = 20.0
"""A budget for tests of the store that is there: a busy machine may be late."""
ROUNDS = int(os.environ.get("ROUNDS", "4"))
TRIES = 2_000
PROCESSES = 4


class Clock:
    """The clock of a process, held still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def sharing(url: str, **options) -> AsyncIterator[SharedLimiter]:
    limiter = SharedLimiter(StoreUrl.parse(url), b"name key", **{"processes": PROCESSES, "budget": PATIENT, **options})
    await limiter.start()
    try:
        yield limiter
    finally:
        await limiter.stop()


def ask(windows="8;w=60", subject="a key", policy="publishable"):
    return Ask(policy, subject, parse_windows(windows))


async def decided(limiter, *asks):
    return limiter.decide_now(asks) or await limiter.decide(asks)


async def admitted(limiter, *asks, tries):
    verdicts = await asyncio.gather(*(decided(limiter, *asks) for _ in range(tries)))
    return sum(verdict.admitted for verdict in verdicts)


async def until(holds):
    async with asyncio.timeout(SOON):
        while not holds():  # noqa: ASYNC110 - processes elsewhere set no event
            await asyncio.sleep(0.01)


def metrics(limiter):
    registry = CollectorRegistry()
    registry.register(limiter)
    rows = [line.rpartition(" ") for line in generate_latest(registry).decode().splitlines() if line[0] != "#"]
    return {name: float(number) for name, _, number in rows}


# While the store is there


@pytest.fixture(scope="module")
def callers(make_redis):
    """Four processes that call as they are told."""
    server = make_redis()
    started = [
        subprocess.Popen(
            [sys.executable, str(CALLER), server.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(PROCESSES)
    ]
    assert [caller.stdout.readline() for caller in started] == ["ready\n"] * PROCESSES
    yield started
    for caller in started:
        caller.kill()
        caller.communicate()


def told(callers, *words):
    """What each answers when all are told the same at once."""
    for caller in callers:
        caller.stdin.write(" ".join(map(str, words)) + "\n")
        caller.stdin.flush()
    return [json.loads(caller.stdout.readline()) for caller in callers]


@pytest.mark.parametrize("quota", [1, 10, 300])
def test_four_processes_together_admit_exactly_the_quota(callers, quota):
    """Two thousand calls at once, again and again: never one more than the limit, never one less."""
    for number in range(ROUNDS):
        answers = told(callers, "burst", f"round-{quota}-{number}", f"{quota};w=3600,10000;w=86400", TRIES // PROCESSES)
        assert not any(answer["alone"] for answer in answers)
        assert sum(len(answer["admitted"]) for answer in answers) == quota


def test_no_second_holds_more_than_the_quota_of_a_second(callers):
    """Four processes call without a pause across the borders of many windows, which lie anywhere."""
    answers = told(callers, "press", "borders", "10;w=1", 3)
    spans = [span for answer in answers for span in answer["admitted"]]
    assert len(spans) > 10
    for first, _ in spans:
        # Asked since `first` and answered within the second: these were surely admitted in it.
        assert sum(asked >= first and answered <= first + 1 for asked, answered in spans) <= 10


async def test_calls_at_once_share_their_way_to_the_store(redis_server):
    """Hundreds of decisions in one pass of the loop are a handful of reads for the server, and one connection."""
    async with sharing(redis_server.url) as limiter:
        before = reads(redis_server)
        assert await admitted(limiter, ask("1000;w=60"), tries=500) == 500
        assert reads(redis_server) - before < 50
        assert "connected_clients:2" in redis_server.ask("INFO", "clients")  # ours and this question's


def reads(server):
    return int(server.ask("INFO", "stats").partition("total_reads_processed:")[2].split()[0])


async def test_a_window_that_refuses_consumes_nothing_of_another(redis_server):
    async with sharing(redis_server.url) as limiter:
        assert await admitted(limiter, ask("100;w=60, 3;w=86400"), tries=9) == 3
        verdict = await limiter.decide([ask("100;w=60")])
        assert (verdict.limit, verdict.remaining) == (100, 96)


async def test_several_asks_are_decided_in_one_step(redis_server):
    """A visitor over its quota costs the key nothing, and the headers tell the tighter of both."""
    async with sharing(redis_server.url) as limiter:
        both = [ask("50;w=60"), ask("2;w=60", subject=("a key", "192.0.2.1"), policy="visitor")]
        verdicts = [await limiter.decide(both) for _ in range(5)]
        assert [verdict.admitted for verdict in verdicts] == [True, True, False, False, False]
        assert dict(verdicts[-1].headers)[b"ratelimit-policy"] == b"50;w=60, 2;w=60"
        assert (await limiter.decide(both[:1])).remaining == 47


async def test_a_request_under_no_window_is_admitted_without_headers(redis_server):
    async with sharing(redis_server.url) as limiter:
        for asks in ([], [Ask("none", "a key", ())]):
            verdict = await limiter.decide(asks)
            assert verdict.admitted
            assert verdict.headers == []


async def test_four_fifths_of_a_day_are_told_once(redis_server):
    heard = []
    async with sharing(redis_server.url, on_nearing=lambda one, window: heard.append((one.policy, window))) as limiter:
        await admitted(limiter, ask("100;w=60, 10;w=86400"), tries=10)
    assert heard == [("publishable", parse_windows("10;w=86400")[0])]


async def test_the_store_learns_no_address_and_no_key(redis_server):
    """Names of counters are digests under a key, all in one slot of a cluster; without that key they tell nothing."""
    async with sharing(redis_server.url) as limiter:
        await limiter.decide([ask(subject=("a key", "192.0.2.1"))])
    names = [line for line in redis_server.ask("KEYS", "*").split("\r\n") if line[:1] not in {"*", "$", ""}]
    assert len(names) == 2
    assert all(name.startswith("{frontage}:") for name in names)
    assert not [name for name in names if "192" in name or "key" in name or "publishable" in name]
    other = SharedLimiter(StoreUrl.parse(redis_server.url), b"another key")
    assert other._name("publishable", ("a key", "192.0.2.1")).decode() not in names


async def test_what_no_window_holds_any_more_leaves_the_store(redis_server):
    """A counter lives as long as its newest request counts; then nothing of it is left."""
    async with sharing(redis_server.url) as limiter:
        await limiter.decide([ask("5;w=1")])
        await limiter.decide([ask("5;w=60", subject="another")])
        name = limiter._name("publishable", "another").decode()
        assert 60_000 <= int(redis_server.ask("PTTL", name)[1:]) <= 63_100
        assert redis_server.ask("DBSIZE") == ":3\r\n"
        await until(lambda: redis_server.ask("DBSIZE") == ":2\r\n")
        assert redis_server.ask("TTL", "{frontage}:birth") == ":-1\r\n"


async def test_a_store_that_lost_the_script_gets_it_again(redis_server):
    """Nothing is counted twice and nobody decides alone for it."""
    async with sharing(redis_server.url) as limiter:
        assert await admitted(limiter, ask("300;w=60"), tries=100) == 100
        redis_server.ask("SCRIPT", "FLUSH")
        assert await admitted(limiter, ask("300;w=60"), tries=900) == 200
        assert metrics(limiter)["frontage_limit_alone_total"] == 0


@pytest.mark.parametrize("url", ["redis://:right@127.0.0.1:{port}/3", "redis://default:right@127.0.0.1:{port}"])
async def test_a_url_brings_user_password_and_database(redis_server, url):
    redis_server.ask("CONFIG", "SET", "requirepass", "right")
    async with sharing(url.format(port=redis_server.port)) as limiter:
        assert await admitted(limiter, ask(), tries=9) == 8
        assert limiter.is_shared


async def test_a_unix_socket_is_a_way_too(redis_server, tmp_path):
    redis_server.kill()
    redis_server.start("--unixsocket", f"{tmp_path}/redis.sock")
    async with sharing(f"unix://{tmp_path}/redis.sock?db=2") as limiter:
        assert await admitted(limiter, ask(), tries=9) == 8
        assert limiter.is_shared


# While it is not


class Slow:
    """A way to the server that can take its time."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.delay = 0.0
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"redis://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/0"
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader, writer):
        there, back = await asyncio.open_connection("127.0.0.1", self.target)
        self._writers += [writer, back]
        with suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(self._pass(reader, back), self._pass(there, writer))

    async def _pass(self, source, target):
        while data := await source.read(65_536):
            await asyncio.sleep(self.delay)
            target.write(data)
        target.close()


def no_more(server, _line):
    server.kill()


def hangs(server, _line):
    server.freeze()


def is_late(_server, line):
    line.delay = 0.2


def takes_nobody(server, _line):
    say(server, "CONFIG SET requirepass another", "CLIENT KILL TYPE normal")


def only_reads(server, _line):
    server.ask("REPLICAOF", "127.0.0.1", "1")


def is_full(server, _line):
    server.ask("CONFIG", "SET", "maxmemory", "1")


def started_again(server, _line):
    server.start()


def goes_on(server, _line):
    server.thaw()


def is_quick(_server, line):
    line.delay = 0.0


def takes_us(server, _line):
    say(server, "AUTH another", "CONFIG SET requirepass ''")


def say(server, *sentences):
    """Some commands on one connection."""
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        line.sendall("".join(f"{sentence}\r\n" for sentence in sentences).encode())
        heard = b""
        while heard.count(b"\r\n") < len(sentences):
            heard += line.recv(1_000)


def writes_again(server, _line):
    server.ask("REPLICAOF", "NO", "ONE")


def has_room(server, _line):
    server.ask("CONFIG", "SET", "maxmemory", "0")


FAULTS = [
    pytest.param(no_more, started_again, id="killed and started empty"),
    pytest.param(hangs, goes_on, id="hung"),
    pytest.param(is_late, is_quick, id="slow by 200 ms"),
    pytest.param(takes_nobody, takes_us, id="refuses our password"),
    pytest.param(only_reads, writes_again, id="became a replica"),
    pytest.param(is_full, has_room, id="out of memory"),
]


@pytest.mark.parametrize(("falls", "rises"), FAULTS)
async def test_without_the_store_a_process_admits_its_share_until_a_window_has_passed(redis_server, falls, rises):
    """Its share while the store is away, not one more when it is back, and the whole quota a window later."""
    clock = Clock()
    async with Slow(redis_server.port) as line, sharing(line.url, budget=0.05, monotonic=clock) as limiter:
        await until(lambda: limiter.is_shared)
        falls(redis_server, line)
        assert await admitted(limiter, ask("8;w=60"), tries=50) == 8 // PROCESSES
        # The breaker is open: nobody waits for the store any more.
        verdict = limiter.decide_now([ask("8;w=60")])
        assert verdict is not None
        assert verdict.alone
        assert dict(verdict.headers)[b"ratelimit-policy"] == b"2;w=60"
        numbers = metrics(limiter)
        assert numbers["frontage_limit_store_up"] == 0
        assert numbers["frontage_limit_alone_total"] >= 1
        assert sum(number for name, number in numbers.items() if "losses_total" in name) == 1
        rises(redis_server, line)
        await until(lambda: limiter.is_shared)
        assert await admitted(limiter, ask("8;w=60"), tries=20) == 0
        assert await admitted(limiter, ask("8;w=60", subject="another"), tries=20) == 8 // PROCESSES
        assert metrics(limiter)["frontage_limit_store_up"] == 1
        clock.now += 61
        assert await admitted(limiter, ask("8;w=60", subject="a third"), tries=20) == 8


async def test_other_work_goes_on_while_a_request_waits_for_the_store(redis_server):
    """The loop is never held up: another task runs again and again before the request is decided alone."""
    async with sharing(redis_server.url, budget=0.5) as limiter:
        redis_server.freeze()
        waiting = asyncio.create_task(limiter.decide([ask()]))
        turns = 0
        while not waiting.done():
            turns += 1
            await asyncio.sleep(0.01)
        redis_server.thaw()
        assert (await waiting).alone
        assert turns > 3


async def test_a_store_found_away_at_the_start_is_taken_when_it_comes(redis_server):
    """A process that starts without it serves its share, and goes over to the store by itself."""
    redis_server.kill()
    async with sharing(redis_server.url, budget=0.05) as limiter:
        assert await admitted(limiter, ask(), tries=20) == 2
        redis_server.start()
        await until(lambda: limiter.is_shared)
        assert not (await limiter.decide([ask(subject="new")])).alone


async def test_a_store_that_is_emptied_is_noticed_with_the_first_answer(redis_server):
    """Calls that are under way together: however the store forgets, this process stays within its share for a window."""
    clock = Clock()
    async with sharing(redis_server.url, monotonic=clock) as limiter:
        assert await admitted(limiter, ask("8;w=60, 100;w=3600"), tries=50) == 8
        redis_server.ask("FLUSHALL")
        assert await admitted(limiter, ask("8;w=60, 100;w=3600"), tries=50) == 2
        refused = await limiter.decide([ask("8;w=60, 100;w=3600")])
        assert dict(refused.headers)[b"ratelimit-policy"] == b"2;w=60, 25;w=3600"
        clock.now += 61
        verdict = await limiter.decide([ask("8;w=60, 100;w=3600", subject="another")])
        assert dict(verdict.headers)[b"ratelimit-policy"] == b"8;w=60, 25;w=3600"
        assert (verdict.limit, verdict.remaining) == (8, 7)
        clock.now += 3_600
        verdict = await limiter.decide([ask("8;w=60, 100;w=3600", subject="another")])
        assert dict(verdict.headers)[b"ratelimit-policy"] == b"8;w=60, 100;w=3600"
        assert metrics(limiter)["frontage_limit_alone_total"] == 0


async def test_a_request_that_meets_a_second_loss_counts_once(redis_server):
    """The store hangs again before a window has passed: the request in hand is no second one for this process."""
    async with sharing(redis_server.url, budget=0.05) as limiter:
        redis_server.freeze()
        await decided(limiter, ask(subject="first"))
        redis_server.thaw()
        await until(lambda: limiter.is_shared)
        redis_server.freeze()
        verdicts = [await decided(limiter, ask("8;w=60, 40;w=3600")) for _ in range(3)]
        redis_server.thaw()
        assert [verdict.admitted for verdict in verdicts] == [True, True, False]
        assert [verdict.remaining for verdict in verdicts] == [1, 0, 0]


async def test_an_idle_process_notices_too(redis_server):
    """Without a single request the numbers tell that the store is away, and that it is back."""
    async with sharing(redis_server.url, budget=0.05) as limiter:
        redis_server.freeze()
        await until(lambda: metrics(limiter)["frontage_limit_store_up"] == 0)
        redis_server.thaw()
        await until(lambda: metrics(limiter)["frontage_limit_store_up"] == 1)


async def test_late_answers_of_a_lost_connection_reach_nobody(redis_server):
    """After a hang every answer belongs to its own question: each subject still gets exactly its quota."""
    async with sharing(redis_server.url, budget=0.05, processes=1) as limiter:
        for number in range(5):
            redis_server.freeze()
            await admitted(limiter, ask("1;w=60", subject=f"lost {number}"), tries=3)
            redis_server.thaw()
            await until(lambda: limiter.is_shared)
            assert await admitted(limiter, ask("3;w=60", subject=f"kept {number}"), tries=9) <= 3
            verdict = await decided(limiter, ask("70;w=60", subject=f"fresh {number}"))
            assert (verdict.limit, verdict.remaining) == (70, 69)


def test_time_is_the_stores_own(redis_server):
    """Two processes whose clocks are hours apart admit one quota."""

    async def run():
        async with (
            sharing(redis_server.url, wall=lambda: time.time() - 3_600, monotonic=Clock()) as slow,
            sharing(redis_server.url, wall=lambda: time.time() + 3_600) as fast,
        ):
            return await admitted(slow, ask(), tries=5) + await admitted(fast, ask(), tries=5)

    assert asyncio.run(run()) == 8
