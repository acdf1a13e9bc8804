"""A PostgreSQL server of our own that can be stopped at once, frozen, and started again; it waits for the disk."""

import os
import pwd
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from frontage.testing.postgres import find_programs

OPTIONS = "-c max_connections=100 -c shared_buffers=128MB -c listen_addresses=127.0.0.1 -c log_checkpoints=off"


class Cluster:
    """One server on one port."""

    def __init__(self, folder: Path, port: int, user: str | None) -> None:
        self.folder, self.port, self.user = folder, port, user
        self.bin = Path(find_programs())

    @property
    def url(self) -> str:
        return self.url_through(self.port)

    def url_through(self, port: int) -> str:
        return f"postgresql+asyncpg://postgres@127.0.0.1:{port}/postgres"

    def start(self) -> None:
        options = f"{OPTIONS} -c port={self.port} -c unix_socket_directories={self.folder}"
        self._run(
            "pg_ctl", "start", "-w", "-t", "60", "-D", self.folder / "data", "-l", self.folder / "log", "-o", options
        )

    def stop(self, mode: str = "immediate") -> None:
        self._run("pg_ctl", "stop", "-w", "-D", self.folder / "data", "-m", mode)

    def freeze(self) -> None:
        """Stop every process of the server in its tracks: it neither answers nor refuses."""
        for pid in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        for pid in self.processes():
            with suppress(ProcessLookupError):  # the ps that has listed them, for one
                os.kill(pid, signal.SIGCONT)

    def processes(self) -> list[int]:
        """Every process of the server."""
        postmaster = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        found = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(postmaster)], capture_output=True, text=True, check=False
        )
        return [postmaster, *map(int, found.stdout.split())]

    def _run(self, program: str, *words: object) -> None:
        subprocess.run(
            [self.bin / program, *map(str, words)], check=True, user=self.user, cwd="/", stdout=subprocess.DEVNULL
        )


@contextmanager
def cluster(port: int) -> Iterator[Cluster]:
    """A new server, gone with the block."""
    user = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="frontage-torture-pg-") as name:
        folder = Path(name)
        if user:
            account = pwd.getpwnam(user)
            os.chown(folder, account.pw_uid, account.pw_gid)
        server = Cluster(folder, port, user)
        server._run("initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "--no-sync")
        server.start()
        try:
            yield server
        finally:
            server.thaw()
            server.stop()
