"""The server: patient with people, not with those who only hold its connections; and it stops without losing anyone."""

import asyncio
import contextlib
import json
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import uvloop

from frontage.base.errors import ConfigurationError
from frontage.edge.server import LOOPBACK, listen, serve
from frontage.edge.slow_clients import LARGEST_HEAD, MOST_HEADERS, Patience

SOON = 20.0
"""Long enough for a busy machine, shorter than any patience that a test has not cut short itself, save the head's."""
LARGE = 25_000_000
GET = b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n"
HALF_BODY = b"POST /%s HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345"
HALF_CHUNKED = b"POST /%s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n"


class App:
    """Tells what it got; on other paths it is early, slow or generous."""

    def __init__(self):
        self.left = asyncio.Event()

    async def __call__(self, scope, receive, send):
        match scope["path"]:
            case "/early":
                await self.answer(send, b"early")
            case "/slow":
                await asyncio.sleep(3)
                await self.answer(send, b"slow")
            case "/large":
                await self.answer(send, b"x" * LARGE, parts=2)
                self.left.set()
            case _:
                await self.tell(scope, receive, send)

    async def tell(self, scope, receive, send):
        size = 0
        while (message := await receive())["type"] == "http.request":
            size += len(message["body"])
            if not message["more_body"]:
                headers = [[name.decode(), value.decode()] for name, value in scope["headers"]]
                await self.answer(send, json.dumps({"size": size, "headers": headers}).encode())
                return

    @staticmethod
    async def answer(send, body, parts=1):
        """Send an answer; one part waits until the part before it has found its way, or nobody is there any more."""
        length = str(len(body) * parts).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
        for part in range(1, parts + 1):
            await send({"type": "http.response.body", "body": body, "more_body": part < parts})


class Client:
    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer

    def send(self, data):
        self.writer.write(data)

    async def answer(self):
        """The next answer: status, headers, body."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        return int(head[0].split()[1]), headers, await self.reader.readexactly(int(headers.get("content-length", 0)))

    async def rest(self):
        """Whatever still comes until the connection is closed."""
        try:
            return await self.reader.read()
        except ConnectionError:
            return b""


@contextlib.asynccontextmanager
async def client(port, **options):
    reader, writer = await asyncio.open_connection(LOOPBACK, port, **options)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def served(scenario, **patience):
    """Run `scenario(port, app)` against a server of this process, on the loop of production."""

    mishaps = []

    async def run():
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: mishaps.append(context))
        app, door = App(), listen(LOOPBACK, 0)
        port = door.getsockname()[1]
        task = asyncio.create_task(
            serve(app, sockets=[door], on_draining=lambda: None, patience=Patience(**patience)),
        )
        try:
            async with asyncio.timeout(SOON):
                await scenario(port, app)
        finally:
            task.cancel()
            await asyncio.wait([task])

    uvloop.run(run())
    assert mishaps == []


@pytest.mark.parametrize(
    ("stage", "sent"),
    [
        pytest.param("head", b"", id="nothing"),
        pytest.param("head", b"\r\n", id="an empty line"),
        pytest.param("head", b"GE", id="half a method"),
        pytest.param("head", b"GET /a HTTP/1.1\r\nHost: a\r\nX-A", id="half a head"),
        pytest.param("body", HALF_BODY % b"a", id="half a body"),
        pytest.param("body", HALF_CHUNKED % b"a", id="half a chunked body"),
        pytest.param("body", HALF_CHUNKED % b"a" + b"0\r\nX-Trailer: a\r\n", id="half a trailer"),
    ],
)
def test_a_request_that_never_ends_is_cut_off(stage, sent):
    """Whatever a client leaves unfinished, its connection is closed without an answer."""

    async def scenario(port, _app):
        async with client(port) as slow:
            slow.send(sent)
            assert await slow.rest() == b""

    served(scenario, **{"head": 60.0, stage: 0.5})


@pytest.mark.parametrize(
    ("stage", "first", "more"),
    [
        pytest.param("next_request", GET % b"a", b"", id="silence"),
        pytest.param("next_request", GET % b"a", b"\r\n", id="an empty line, which starts no request"),
        pytest.param("head", GET % b"a", b"GET /a HTT", id="half a second head"),
        pytest.param("body", GET % b"a", HALF_BODY % b"a", id="half a second body"),
        pytest.param("body", HALF_BODY % b"early", b"", id="a body that the answer did not wait for"),
        pytest.param("body", HALF_CHUNKED % b"early", b"1\r\na\r\n", id="chunks that the answer did not wait for"),
    ],
)
def test_a_kept_connection_that_stalls_is_cut_off(stage, first, more):
    """Having been answered once gives nobody a place for ever."""

    async def scenario(port, _app):
        async with client(port) as slow:
            slow.send(first)
            assert (await slow.answer())[0] == 200
            slow.send(more)
            assert await slow.rest() == b""

    served(scenario, **{"head": 60.0, stage: 1})


@pytest.mark.parametrize(
    ("stage", "first", "drop"),
    [
        pytest.param("head", b"GET /a HTTP/1.1\r\nHost: a\r\n", b"a", id="head"),
        pytest.param("body", HALF_CHUNKED % b"a", b"1\r\na\r\n", id="body"),
        pytest.param("next_request", GET % b"early", b"\r\n", id="empty lines"),
    ],
)
def test_a_client_that_drips_is_cut_off(stage, first, drop):
    """A byte now and then does not buy more time."""

    async def scenario(port, _app):
        async with client(port) as slow:

            async def drip():
                while True:
                    slow.send(drop)
                    await asyncio.sleep(0.05)

            slow.send(first)
            dripping = asyncio.create_task(drip())
            await slow.rest()
            dripping.cancel()

    served(scenario, **{"head": 60.0, stage: 1})


def test_a_reader_that_takes_nothing_is_cut_off():
    """An answer that nobody fetches does not hold its connection, and the application learns of it."""

    async def scenario(port, app):
        async with client(port, limit=1024) as slow:
            slow.send(GET % b"large")
            await app.left.wait()

    served(scenario, unread=0.5)


def test_an_honest_client_is_not_disturbed():
    """A kept connection with pauses, a slow answer and a body in two parts are all as they should be."""

    async def scenario(port, _app):
        async with client(port) as honest:
            for _ in range(5):
                honest.send(GET % b"a")
                assert (await honest.answer())[0] == 200
                await asyncio.sleep(0.6)
            honest.send(GET % b"slow")
            assert (await honest.answer())[2] == b"slow"
            honest.send(HALF_BODY % b"a")
            await asyncio.sleep(0.1)
            honest.send(b"67890" + GET % b"early")
            assert json.loads((await honest.answer())[2])["size"] == 10
            assert (await honest.answer())[2] == b"early"

    served(scenario, head=0.5, body=0.5, unread=0.5, next_request=1)


def test_a_client_is_not_charged_for_our_own_time():
    """While an earlier request is being answered the server does not read on: a body that waits is not late."""

    async def scenario(port, _app):
        async with client(port) as honest:
            honest.send(GET % b"slow" + HALF_BODY % b"a")
            await asyncio.sleep(0.1)
            honest.send(b"67890")
            assert (await honest.answer())[2] == b"slow"
            assert json.loads((await honest.answer())[2])["size"] == 10

    served(scenario, body=0.5)


def test_a_slow_reader_that_moves_gets_everything():
    """The measure is whether anything moves, not how long the whole takes."""

    async def scenario(port, _app):
        async with client(port, limit=2**18) as slow:
            slow.send(GET % b"large")
            await slow.reader.readuntil(b"\r\n\r\n")
            left = 2 * LARGE
            while left:
                left -= len(await slow.reader.read(2**20))
                await asyncio.sleep(0.02)

    served(scenario, unread=2.5)


def head(*, headers=1, size=0):
    """A head of so many headers, and so many bytes in the sense of the limit: path, names, values, separators."""
    lines = [b"h%d: a\r\n" % number for number in range(headers)]
    filler = size - len(b"/a") - sum(len(line) for line in lines)
    lines[-1] = lines[-1][:-2] + b"a" * max(0, filler) + b"\r\n"
    return b"GET /a HTTP/1.1\r\n" + b"".join(lines) + b"\r\n"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param(head(headers=MOST_HEADERS), 200, id="as many headers as may be"),
        pytest.param(head(headers=MOST_HEADERS + 1), 431, id="a header more"),
        pytest.param(head(headers=20_000), 431, id="20,000 headers"),
        pytest.param(head(size=LARGEST_HEAD), 200, id="as many bytes as may be"),
        pytest.param(head(size=LARGEST_HEAD + 1), 431, id="a byte more"),
        pytest.param(head(size=200_000), 431, id="200 kB"),
        pytest.param(b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 431, id="a path of 200 kB"),
        pytest.param(b"\x16\x03\x01 this is no HTTP\r\n\r\n", 400, id="garbage"),
    ],
)
@pytest.mark.parametrize("part", [1000, 1_000_000])
def test_a_head_has_bounds(sent, status, part):
    """A head within the bounds is served; beyond them the client can read why, however much it still sends."""

    async def scenario(port, _app):
        async with client(port) as plain:
            for start in range(0, len(sent), part):
                plain.send(sent[start : start + part])
                await asyncio.sleep(0)
            got, headers, body = await plain.answer()
            assert got == status
            if status == 431:
                assert headers["content-type"] == "application/problem+json"
                assert json.loads(body)["error_code"] == "headers_too_large"
            if status != 200:
                assert headers["connection"] == "close"
                assert await plain.rest() == b""

    served(scenario, goodbye=0.5)


@pytest.mark.parametrize(
    ("first", "flood", "answer"),
    [
        pytest.param(b"GET /a HTTP/1.1\r\nX: ", b"a", b"HTTP/1.1 431 ", id="a header"),
        pytest.param(b"GET /", b"a", b"HTTP/1.1 431 ", id="a path"),
        pytest.param(b"", b"\r\n", b"HTTP/1.1 431 ", id="empty lines"),
        pytest.param(HALF_CHUNKED % b"a" + b"0\r\nX: ", b"a", b"", id="a trailer"),
        pytest.param(HALF_CHUNKED % b"a" + b"1;", b"a", b"", id="an extension of a chunk"),
    ],
)
def test_what_only_grows_is_stopped_by_size(first, flood, answer):
    """What no application will ever see is not gathered until time is up."""

    async def scenario(port, _app):
        async with client(port) as fast:
            fast.send(first)
            for _ in range(8):
                fast.send(flood * (LARGEST_HEAD // 4))
                await asyncio.sleep(0.01)
            assert (await fast.rest())[:13] == answer

    served(scenario, head=60.0, body=60.0, goodbye=0.5)


def test_a_head_behind_another_request_has_the_same_bounds():
    """A second head that is too large ends the connection; a refusal could be taken for the answer to the first."""

    async def scenario(port, _app):
        async with client(port) as plain:
            plain.send(GET % b"early" + head(size=LARGEST_HEAD + 1))
            assert await plain.rest() == b""

    served(scenario, goodbye=0.5)


def test_a_trailer_is_no_header():
    """What comes after the body does not appear among the headers, where a proxy in front has vouched for them."""

    async def scenario(port, _app):
        async with client(port) as plain:
            plain.send(HALF_CHUNKED % b"a" + b"0\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n")
            told = json.loads((await plain.answer())[2])
            assert told == {"size": 1, "headers": [["host", "a"], ["transfer-encoding", "chunked"]]}

    served(scenario)


def test_answers_have_a_date_and_no_server():
    """The date stands on every answer, the name of the server on none."""

    async def scenario(port, _app):
        async with client(port) as plain:
            plain.send(GET % b"early")
            _, headers, _ = await plain.answer()
            assert set(headers) == {"date", "content-length"}

    served(scenario)


PROGRAM = """
import asyncio, json, signal, sys
import uvloop
from frontage.base.logs import configure_logs
from frontage.edge.server import listen, serve
from frontage.edge.slow_clients import Patience

options = json.loads(sys.argv[1])
for name in options.pop("ignore", []):
    signal.signal(getattr(signal, name), signal.SIG_IGN)
options["patience"] = Patience(**options.pop("patience", {}))
draining = asyncio.Event()

def on_draining():
    draining.set()
    print("draining", flush=True)

async def app(scope, receive, send):
    if scope["path"] == "/until-draining":
        print("running", flush=True)
        await draining.wait()
        await asyncio.sleep(0.3)
    if scope["path"] == "/for-ever":
        print("running", flush=True)
        await asyncio.Event().wait()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})

configure_logs()
uvloop.run(serve(app, port=0, on_draining=on_draining, **options))
print("h11" in sys.modules, flush=True)
"""


class Program:
    """A server in a process of its own."""

    def __init__(self, options):
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, json.dumps(options)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.events = [json.loads(self.process.stderr.readline())]
        self.port = self.events[0]["port"]

    def line(self):
        return self.process.stdout.readline().strip()

    def signal(self, number):
        self.process.send_signal(number)

    def ended(self):
        """The exit code, and what it said since."""
        out, err = self.process.communicate(timeout=SOON)
        self.events += [json.loads(line) for line in err.splitlines() if line.startswith("{")]
        return self.process.returncode, out.split()

    def until_closed(self):
        """Wait until nobody is let in any more."""
        with contextlib.suppress(ConnectionRefusedError):
            while True:
                socket.create_connection((LOOPBACK, self.port)).close()
                time.sleep(0.05)

    def request(self, path=b"a"):
        connection = socket.create_connection((LOOPBACK, self.port), timeout=SOON)
        connection.sendall(GET % path)
        return connection


@pytest.fixture
def program():
    """A function that starts a server; all of them are gone in the end."""
    with contextlib.ExitStack() as stack:

        def start(**options):
            started = Program(options)
            stack.enter_context(started.process)
            stack.callback(started.process.kill)
            return started

        yield start


def received(connection, until=None):
    """All that comes before the connection is closed, or up to these last bytes."""
    got = b""
    while until is None or not got.endswith(until):
        part = connection.recv(65536)
        if not part:
            break
        got += part
    return got


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=str)
def test_a_stop_loses_no_request(program, number):
    """On a signal readiness ends first, running requests are answered, idle connections closed, and all is well."""
    server = program()
    with server.request() as idle, server.request(b"until-draining") as running:
        received(idle, b"ok")
        assert server.line() == "running"
        server.signal(number)
        assert received(idle) == b""
        answer = received(running)
    assert answer.endswith(b"\r\n\r\nok")
    assert b"connection: close\r\n" in answer
    code, said = server.ended()
    assert (code, said) == (0, ["draining", "False"]), "it ended well, and without h11"
    assert [event["event"] for event in server.events] == ["server.listening", "server.stopped"]
    with pytest.raises(ConnectionRefusedError):
        server.request()


def test_a_drain_serves_on_until_a_balancer_has_noticed(program):
    """Readiness ends at once; new connections are still taken and answered until the time is over."""
    server = program(drain_seconds=1)
    server.signal(signal.SIGTERM)
    assert server.line() == "draining"
    with server.request() as late:
        assert received(late, b"ok").endswith(b"ok")
    assert server.ended()[0] == 0
    assert [event["event"] for event in server.events] == ["server.listening", "server.draining", "server.stopped"]


def test_while_it_drains_each_answer_is_the_last_of_its_connection(program):
    """So a balancer lets its kept connections go, and none is closed under a request that is on its way."""
    server = program(drain_seconds=600)
    with server.request() as kept:
        received(kept, b"ok")
        server.signal(signal.SIGTERM)
        assert server.line() == "draining"
        kept.sendall(GET % b"a")
        with server.request() as new:
            for answer in (received(kept), received(new)):
                assert b"connection: close\r\n" in answer
                assert answer.endswith(b"ok")
    server.signal(signal.SIGTERM)
    assert server.ended()[0] == 0


def test_who_came_before_the_door_was_closed_is_heard(program):
    """A connection that has asked nothing yet is not closed at once: its first request is answered."""
    server = program(patience={"first_words": 600.0})
    with socket.create_connection((LOOPBACK, server.port), timeout=SOON) as newcomer:
        with server.request() as known:
            received(known, b"ok")
        server.signal(signal.SIGTERM)
        server.until_closed()
        newcomer.sendall(GET % b"a")
        assert received(newcomer).endswith(b"ok")
    assert server.ended()[0] == 0


def test_who_asks_nothing_does_not_delay_a_stop(program):
    server = program(graceful_seconds=600, patience={"first_words": 0.1})
    with socket.create_connection((LOOPBACK, server.port), timeout=SOON) as silent:
        with server.request() as known:
            received(known, b"ok")
        server.signal(signal.SIGTERM)
        assert received(silent) == b""
    assert server.ended()[0] == 0


def test_everybody_whom_the_kernel_has_connected_is_answered(program):
    """Clients open a connection for each request until they are refused: no connection was made in vain."""
    server = program(patience={"first_words": 600.0})
    answers = []

    def ask_until_refused():
        with contextlib.suppress(ConnectionRefusedError):
            while True:
                with server.request() as connection:
                    answers.append(received(connection, b"ok")[-2:])

    with ThreadPoolExecutor(4) as threads:
        asking = [threads.submit(ask_until_refused) for _ in range(4)]
        while len(answers) < 50:
            time.sleep(0.01)
        server.signal(signal.SIGTERM)
        for one in asking:
            one.result(SOON)
    assert set(answers) == {b"ok"}
    assert server.ended()[0] == 0


def test_a_second_signal_ends_a_drain(program):
    server = program(drain_seconds=600)
    server.signal(signal.SIGTERM)
    assert server.line() == "draining"
    server.signal(signal.SIGTERM)
    assert server.ended()[0] == 0


def test_a_half_sent_request_does_not_delay_a_stop(program):
    """Who has not finished the head is not waited for."""
    server = program(graceful_seconds=600)
    with server.request() as half:
        received(half, b"ok")
        half.sendall(b"GET /")
        server.signal(signal.SIGTERM)
        assert server.ended()[0] == 0


def test_a_second_signal_is_faster(program):
    """Who asks twice does not want to wait for the running requests."""
    server = program(graceful_seconds=600)
    with server.request(b"for-ever"):
        assert server.line() == "running"
        server.signal(signal.SIGTERM)
        assert server.line() == "draining"
        server.signal(signal.SIGTERM)
        assert server.ended()[0] == 0


def test_a_stop_takes_no_longer_than_the_grace(program):
    """A request that does not end is cut off when the grace is over."""
    server = program(graceful_seconds=1)
    with server.request(b"for-ever") as running:
        assert server.line() == "running"
        server.signal(signal.SIGTERM)
        assert server.ended()[0] == 0
        assert b" 200 " not in received(running)


def test_an_ignored_signal_stays_ignored(program):
    """A worker leaves the terminal's interrupt to its parent."""
    server = program(ignore=["SIGINT"])
    server.signal(signal.SIGINT)
    with server.request(b"until-draining") as running:
        assert server.line() == "running"
        server.signal(signal.SIGTERM)
        assert received(running).endswith(b"ok")
    assert server.ended() == (0, ["draining", "False"])


def test_many_half_open_connections_stop_nobody(program):
    """With 500 clients that never finish, another is answered; and the 500 are all gone in the end."""
    server = program(patience={"head": 2.0, "body": 2.0})
    kinds = [b"", b"GET /a HTTP/1.1\r\nHost", HALF_BODY % b"a"]
    with contextlib.ExitStack() as stack:
        stalled = [stack.enter_context(socket.create_connection((LOOPBACK, server.port))) for _ in range(500)]
        for number, connection in enumerate(stalled):
            connection.sendall(kinds[number % len(kinds)])
            connection.settimeout(SOON)
        with server.request() as honest:
            assert received(honest, b"ok").endswith(b"ok")
        for connection in stalled:
            received(connection)
        server.signal(signal.SIGTERM)
        assert server.ended()[0] == 0
    told = [event for event in server.events if event["event"] == "server.slow_clients_cut_off"]
    assert sum(event.get("head", 0) + event.get("body", 0) for event in told) == 500


def test_a_taken_port_is_named_with_its_fix():
    """Whoever starts a second server reads which port it is and how to choose another."""
    with listen(LOOPBACK, 0) as door:
        port = door.getsockname()[1]
        with pytest.raises(ConfigurationError, match=rf"port: {port}; expected a free port.* PORT=… or --port\."):
            listen(LOOPBACK, port)


def test_a_strange_host_is_named():
    """An address that this machine does not have is told as such."""
    with pytest.raises(ConfigurationError, match=r"host: '192.0.2.1'; expected an address of this machine"):
        listen("192.0.2.1", 0)
