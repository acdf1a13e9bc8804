"""Redis for tests: a private throw-away server that can be frozen, killed and started again on its port."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

START_SECONDS = 30
_PROGRAMS = ("valkey-server", "redis-server")
# However the test process ends, even killed, its end of the pipe closes: then the server goes.
_KEEP = '"$@" >/dev/null & echo $!; read _; kill -9 $! 2>/dev/null'


class RedisUnavailableError(Exception):
    """There is no Redis or Valkey to test with; the message says what to install."""


class RedisServer:
    """A server on a loopback port that keeps nothing on disk."""

    def __init__(self, program: str, port: int) -> None:
        self.port = port
        self.program = program
        self._keeper: subprocess.Popen[str] | None = None
        self._pid = 0

    @property
    def url(self) -> str:
        """Its URL, as `FRONTAGE_REDIS_URL` takes it."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self, *options: str) -> None:
        """Start it empty, and wait until it answers."""
        words = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", *options]
        # A session of its own: Ctrl-C reaches the tests alone.
        self._keeper = subprocess.Popen(  # noqa: S603 - our own words only
            ["sh", "-c", _KEEP, "sh", self.program, *words],  # noqa: S607 - the sh of this machine
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd="/",
            start_new_session=True,
        )
        assert self._keeper.stdout
        self._pid = int(self._keeper.stdout.readline())
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._keeper.poll() is not None or time.monotonic() > deadline:
                raise RedisUnavailableError(f"{self.program} does not start on port {self.port}")
            time.sleep(0.01)

    def kill(self) -> None:
        """End it at once, whatever it does; what it counted is gone."""
        if self._keeper is not None:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
            self._keeper.communicate()
            self._keeper = None

    def freeze(self) -> None:
        """Stop it in its tracks: connections stay, and nothing is answered."""
        os.kill(self._pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        os.kill(self._pid, signal.SIGCONT)

    def ask(self, *words: object) -> str:
        """The answer to a command as it came over the wire, up to 64 kB."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=START_SECONDS) as line:
            parts = [str(word).encode() for word in words]
            line.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
            return line.recv(65_536).decode()

    def _answers(self) -> bool:
        with suppress(OSError):
            return self.ask("PING").startswith("+PONG")
        return False


@contextmanager
def private_redis() -> Iterator[RedisServer]:
    """A server of one's own; it ends with the block or the process."""
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        raise RedisUnavailableError("no Redis or Valkey here: apt install redis-server")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = RedisServer(program, port)
    server.start()
    try:
        yield server
    finally:
        server.kill()
