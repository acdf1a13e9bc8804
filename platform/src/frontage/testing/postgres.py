"""PostgreSQL with PostGIS for tests: a private throw-away server, or one that already runs."""

import asyncio
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from urllib.parse import urlsplit

from frontage.base.errors import FrontageError

EXTENSIONS = ("CREATE EXTENSION IF NOT EXISTS postgis", "CREATE EXTENSION IF NOT EXISTS btree_gist")
EXISTING_SERVER = "FRONTAGE_TEST_DATABASE_URL"
_KEEPER = Path(__file__).with_name("_keeper.py")
_OPTIONS = ("max_connections=200", "shared_buffers=64MB", "log_checkpoints=off")
_NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class PostgresUnavailableError(FrontageError):
    """There is no PostgreSQL with PostGIS to test with; the message says what to install."""


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A server on which tests make databases of their own."""

    url: str

    def url_of(self, database: str) -> str:
        """The URL of another database on this server."""
        return urlsplit(self.url)._replace(scheme="postgresql", path=f"/{database}").geturl()

    @contextmanager
    def empty_database(self) -> Iterator[str]:
        """A new database that has the extensions and no table; gives its URL, for SQLAlchemy with asyncpg."""
        name = f"frontage_test_{token_hex(6)}"
        execute(self.url, f'CREATE DATABASE "{name}"')
        try:
            execute(self.url_of(name), *EXTENSIONS)
            yield self.url_of(name).replace("postgresql://", "postgresql+asyncpg://", 1)
        finally:
            execute(self.url, f'DROP DATABASE "{name}" WITH (FORCE)')


def execute(url: str, *statements: str) -> None:
    """Run statements outside a transaction, on a connection of their own; works inside a running loop too."""
    import asyncpg

    async def run() -> None:
        connection = await asyncpg.connect(url, timeout=30)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    # In a thread, because the caller may be inside a running loop, and because asyncio.run unsets the loop it finds.
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, run()).result()


def existing_server(url: str) -> PostgresServer:
    """The server behind a URL, whichever driver the URL names."""
    return PostgresServer(urlsplit(url)._replace(scheme="postgresql").geturl())


@contextmanager
def open_server() -> Iterator[PostgresServer]:
    """The server of `FRONTAGE_TEST_DATABASE_URL`, else a private one for this process."""
    if url := os.environ.get(EXISTING_SERVER):
        yield existing_server(url)
        return
    with private_server() as server:
        yield server


@contextmanager
def private_server(*, durable: bool = False) -> Iterator[PostgresServer]:
    """Start a server on a free loopback port from the system's own programs; it ends with the block or the process.

    Unless `durable`, it does not wait for the disk: right for most tests, wrong for those that pull the plug.
    """
    settings = _OPTIONS if durable else _OPTIONS + _NOT_DURABLE
    options = [word for setting in settings for word in ("-c", setting)]
    command = [sys.executable, "-I", str(_KEEPER), str(find_programs()), _account(), *options]
    # A session of its own: Ctrl-C reaches the tests alone, and their databases can still be dropped.
    with subprocess.Popen(  # noqa: S603 - our own words only
        command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as keeper:
        assert keeper.stdin
        assert keeper.stdout
        try:
            answer = keeper.stdout.readline()
            if not answer.startswith("ready "):
                raise PostgresUnavailableError(f"PostgreSQL does not start: {answer}{keeper.stdout.read()}")
            server = PostgresServer(f"postgresql://postgres@127.0.0.1:{int(answer.split()[1])}/postgres")
            _prepare(server)
            yield server
        finally:
            keeper.stdin.close()
            keeper.wait()


def _prepare(server: PostgresServer) -> None:
    import asyncpg

    try:
        execute(server.url_of("template1"), *EXTENSIONS)
    except asyncpg.PostgresError as error:
        raise PostgresUnavailableError(f"{error}: apt install postgresql-15-postgis-3") from error


def find_programs() -> Path:
    """The folder of initdb and postgres: pg_config's, else the newest of Debian's, else that on PATH."""
    for folder in _candidates():
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise PostgresUnavailableError("no PostgreSQL server here: apt install postgresql-15-postgis-3")


def _candidates() -> Iterator[Path]:
    with suppress(OSError, subprocess.CalledProcessError):
        asked = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=True)  # noqa: S607
        yield Path(asked.stdout.strip())
    debian = Path("/usr/lib/postgresql").glob("[0-9]*/bin")
    yield from sorted(debian, key=lambda folder: int(folder.parent.name), reverse=True)
    if found := shutil.which("initdb"):
        yield Path(found).resolve().parent


def _account() -> str:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return ""
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
