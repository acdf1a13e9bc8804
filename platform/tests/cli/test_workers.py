"""Workers: they share a port, are replaced when they die, and never outlive their parent."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from frontage.edge.server import LOOPBACK, listen

SOON = 40.0
PROGRAM = """
import sys

if __name__ == "__mp_main__" and sys.argv[1] == "broken":
    sys.exit(3)

import asyncio, functools, os, signal, time
import uvloop
from frontage.base.errors import FrontageError
from frontage.base.logs import configure_logs
from frontage.cli.workers import run_workers
from frontage.edge.server import serve

def answering(draining):
    async def app(scope, receive, send):
        if scope["path"] == "/until-draining":
            print("running", flush=True)
            await draining.wait()
            await asyncio.sleep(0.5)
        body = str(os.getpid()).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})
    return app

async def serving(sockets):
    draining = asyncio.Event()
    await serve(answering(draining), sockets=sockets, on_draining=draining.set)

def work(kind, index, sockets):
    configure_logs(extra={"index": index, "worker_pid": os.getpid()})
    if kind == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("running", flush=True)
        time.sleep(600)
    uvloop.run(serving(sockets))
    if kind == "untidy":
        sys.exit(4)

def on_reload():
    print("reload", os.getpid(), flush=True)
    if not os.path.exists("fine"):
        raise ValueError("not fine")

if __name__ == "__main__":
    configure_logs()
    try:
        run_workers(
            functools.partial(work, sys.argv[1]),
            on_reload=on_reload,
            port=int(sys.argv[3]),
            workers=int(sys.argv[2]),
            graceful_seconds=0 if sys.argv[1] == "deaf" else 10,
        )
    except FrontageError as error:
        print(error.detail, flush=True)
        sys.exit(1)
"""


class Program:
    """`frontage serve` in small: a parent in a process group of its own, and its workers."""

    def __init__(self, folder, *, kind="plain", workers=2, port=0):
        script = folder / "program.py"
        script.write_text(PROGRAM)
        self.log = folder / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, script, kind, str(workers), str(port)],
                cwd=folder,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )

    def events(self, name):
        """The lines of the log so far that tell of this."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == name]

    def event(self, name, count=1):
        """These lines, as soon as there are so many."""
        wait_until(lambda: len(self.events(name)) >= count or self.process.poll() is not None)
        found = self.events(name)
        assert len(found) >= count, self.log.read_text()
        return found

    def listening(self, count):
        """The processes that have started to serve so far."""
        return [event["worker_pid"] for event in self.event("server.listening", count)]

    def request(self, path="a"):
        """A connection that a request has been sent on."""
        connection = socket.create_connection((LOOPBACK, self.event("server.listening")[0]["port"]), timeout=SOON)
        connection.sendall(f"GET /{path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        return connection

    def line(self):
        """The next line that it prints."""
        return self.process.stdout.readline().strip()

    def ended(self):
        """Its exit code and the rest of what it printed."""
        out, _ = self.process.communicate(timeout=SOON)
        return self.process.returncode, out.strip()


@pytest.fixture
def program(tmp_path):
    """A function that starts one; it and its workers are gone in the end."""
    started = []

    def start(**options):
        started.append(Program(tmp_path, **options))
        return started[-1]

    yield start
    for program in started:
        program.process.kill()
        program.process.wait()
        for event in program.events("worker.started"):
            if is_running(event["pid"]):
                os.kill(event["pid"], signal.SIGKILL)
        program.process.communicate()


def wait_until(holds):
    deadline = time.monotonic() + SOON
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def is_running(pid):
    """Whether a process still does something; one that nobody has buried yet does not."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def answer(connection):
    with connection:
        got = b""
        while part := connection.recv(65536):
            got += part
    return got.partition(b"\r\n\r\n")[2].decode()


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    "stop",
    [
        pytest.param(lambda process: process.terminate(), id="SIGTERM to the parent"),
        pytest.param(lambda process: process.send_signal(signal.SIGINT), id="SIGINT to the parent"),
        pytest.param(lambda process: os.killpg(process.pid, signal.SIGINT), id="an interrupt from the terminal"),
    ],
)
def test_a_stop_answers_the_running_request(program, workers, stop):
    """However it is told to stop, the running request is answered, every process ends, and the exit code is 0."""
    server = program(workers=workers)
    pids = server.listening(workers)
    running = server.request("until-draining")
    assert server.line() == "running"
    stop(server.process)
    assert answer(running) in map(str, pids)
    assert server.ended() == (0, "")
    assert not any(map(is_running, pids))
    assert len(server.events("server.stopped")) == workers
    assert not server.events("worker.died")


def test_one_worker_needs_no_child(program):
    """A single worker is the process itself."""
    server = program(workers=1)
    assert server.listening(1) == [server.process.pid]
    assert answer(server.request()) == str(server.process.pid)


def test_a_worker_that_is_killed_is_replaced(program):
    """A place does not stay empty, the others go on, and the stop is as clean as ever."""
    server = program(workers=2)
    victim, neighbour = server.listening(2)
    place = next(event["worker"] for event in server.events("worker.started") if event["pid"] == victim)
    os.kill(victim, signal.SIGKILL)
    died = server.event("worker.died")[0]
    assert (died["worker"], died["pid"], died["exit_code"]) == (place, victim, -signal.SIGKILL)
    heir = server.event("server.listening", 3)[2]
    assert heir["index"] == place
    assert answer(server.request()) in {str(neighbour), str(heir["worker_pid"])}
    server.process.terminate()
    assert server.ended() == (0, "")


def test_workers_do_not_outlive_their_parent(program):
    """With the parent killed, nobody would stop them: they finish what runs and stop by themselves."""
    server = program(workers=2)
    pids = server.listening(2)
    running = server.request("until-draining")
    assert server.line() == "running"
    server.process.kill()
    assert answer(running) in map(str, pids)
    wait_until(lambda: not any(map(is_running, pids)))
    assert len(server.events("server.stopped")) == 2


@pytest.mark.parametrize("workers", [1, 2])
def test_a_hang_up_reloads_in_the_parent(program, workers, tmp_path):
    """SIGHUP to the group reloads once and restarts nobody; a reload that fails is told and does not end the reloads."""
    server = program(workers=workers)
    pids = server.listening(workers)
    os.killpg(server.process.pid, signal.SIGHUP)
    assert server.line() == f"reload {server.process.pid}"
    assert "not fine" in server.event("reload.failed")[0]["exception"]
    (tmp_path / "fine").touch()
    server.process.send_signal(signal.SIGHUP)
    assert server.line() == f"reload {server.process.pid}"
    assert answer(server.request()) in map(str, pids)
    server.process.terminate()
    assert server.ended() == (0, "")
    assert len(server.events("server.listening")) == workers
    assert len(server.events("reload.failed")) == 1


def test_a_worker_that_keeps_dying_ends_it_all(program):
    """After five early deaths the parent gives up and says so, instead of trying for ever."""
    server = program(kind="broken", workers=2)
    code, said = server.ended()
    assert code == 1
    assert "ended 5 times within 10 seconds of its start, the last time with exit code 3" in said
    assert {event["exit_code"] for event in server.events("worker.died")} == {3}


def test_a_worker_that_does_not_stop_is_killed(program):
    """A worker that ignores the stop holds nobody up for longer than the grace and five seconds."""
    server = program(kind="deaf", workers=2)
    assert {server.line(), server.line()} == {"running"}
    server.process.terminate()
    code, said = server.ended()
    assert code == 1
    assert said.count("did not stop cleanly: exit code -9") == 2


def test_a_worker_that_ends_badly_is_told(program):
    """A clean stop is one in which every worker has ended well."""
    server = program(kind="untidy", workers=2)
    server.listening(2)
    server.process.terminate()
    code, said = server.ended()
    assert code == 1
    assert said.count("did not stop cleanly: exit code 4") == 2


@pytest.mark.parametrize("workers", [1, 2])
def test_a_taken_port_is_told_before_anything_starts(program, workers):
    """The message names the port and the fix; no worker has been started for nothing."""
    with listen(LOOPBACK, 0) as door:
        port = door.getsockname()[1]
        server = program(workers=workers, port=port)
        code, said = server.ended()
    assert code == 1
    assert f"port: {port}; expected a free port" in said
    assert "PORT=… or --port" in said
    assert not server.events("worker.started")
