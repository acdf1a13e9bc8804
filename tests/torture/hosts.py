"""Hosts of a few workers each, and a balancer in front of them as deploy/ shows it."""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.torture.client import get

from frontage.testing.components import report_missing

FRONTAGE = Path(sys.executable).with_name("frontage")
DEPLOY = Path(__file__).parents[2] / "deploy"
START_SECONDS = 110
PLACES = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"


@dataclass
class Host:
    """A machine with some workers behind one port and a data folder of its own."""

    port: int
    folder: Path
    environment: dict[str, str]
    workers: int = 2
    drain: int = 5
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it, and wait until it is ready."""
        self.folder.mkdir(exist_ok=True)
        command = [FRONTAGE, "serve", "--port", self.port, "--workers", self.workers, "--drain", self.drain]
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *map(str, command),
                env=self.environment | {"FRONTAGE_DATA_DIR": str(self.folder)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        await until_answered(self.port, self.process, self.log)

    async def kill(self) -> None:
        """As by a power cut: everything of it at once."""
        assert self.process
        os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()
        while _is_alive(self.process.pid):  # noqa: ASYNC110 - whom init buries sets no event
            await asyncio.sleep(0.01)

    async def stop(self) -> int:
        """Ask it to go, and wait until it has gone; tells its exit code."""
        assert self.process
        self.process.terminate()
        async with asyncio.timeout(START_SECONDS):
            return await self.process.wait()

    async def clear(self) -> None:
        """Leave nothing of it, whatever went wrong."""
        if self.process is not None and self.process.returncode is None:
            await self.kill()

    @property
    def log(self) -> Path:
        return self.folder / "log"


def _is_alive(group: int) -> bool:
    """Whether a process of the group has still an end to come to; the dead ones wait for their burial only."""
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] not in "ZX":
            return True
    return False


async def until_answered(port: int, process: asyncio.subprocess.Process, log: Path) -> None:
    """Wait until somebody is ready behind a port."""
    try:
        async with asyncio.timeout(START_SECONDS):
            while not await _is_ready(port):
                assert process.returncode is None, f"it ended at once with {process.returncode}"
                await asyncio.sleep(0.05)
    except (AssertionError, TimeoutError) as error:
        told = await asyncio.to_thread(log.read_text)
        raise AssertionError(f"{error}\n{told[-3000:]}") from error


async def _is_ready(port: int) -> bool:
    try:
        return b" 200 " in (await get(port, "/health/ready"))[:20]
    except OSError:
        return False


@asynccontextmanager
async def nginx(folder: Path, port: int, hosts: Sequence[Host]) -> AsyncIterator[None]:
    """nginx with the sample of deploy/, in which only the ports are others."""
    program = shutil.which("nginx", path=PLACES)
    if program is None:
        report_missing("nginx", "apt install nginx-light")
    folder.mkdir()  # noqa: ASYNC240 - before anybody is served
    sample = (DEPLOY / "nginx" / "frontage.conf").read_text().replace("listen 80;", f"listen 127.0.0.1:{port};")
    for stood, host in zip((8000, 8001), hosts, strict=True):
        sample = sample.replace(f"server 127.0.0.1:{stood} ", f"server 127.0.0.1:{host.port} ")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    folders = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    user = "user root;\n" if os.geteuid() == 0 else ""
    whole = f"{user}daemon off;\npid {folder}/pid;\nerror_log {folder}/log;\nevents {{}}\n"
    (folder / "nginx.conf").write_text(f"{whole}http {{\naccess_log off;\n{folders}{sample}\n}}\n")
    async with balancer(port, folder / "log", program, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "log"):
        yield


@asynccontextmanager
async def caddy(folder: Path, port: int, hosts: Sequence[Host]) -> AsyncIterator[None]:
    """Caddy with the sample of deploy/, told where to listen and whom to ask as it is in production."""
    program = shutil.which("caddy", path=PLACES)
    if program is None:
        report_missing("caddy", "apt install caddy")
    folder.mkdir()  # noqa: ASYNC240 - before anybody is served
    sample = (DEPLOY / "caddy" / "Caddyfile").read_text()
    (folder / "Caddyfile").write_text(sample.replace("\n{\n", "\n{\n\tadmin off\n\tdefault_bind 127.0.0.1\n", 1))
    environment = {
        "HOME": str(folder),
        "FRONTAGE_SITE": f"http://:{port}",
        "FRONTAGE_UPSTREAMS": " ".join(f"127.0.0.1:{host.port}" for host in hosts),
    }
    words = ("run", "--config", folder / "Caddyfile", "--adapter", "caddyfile")
    async with balancer(port, folder / "log", program, *words, **environment):
        yield


@asynccontextmanager
async def balancer(port: int, log: Path, program: str, *words: object, **environment: str) -> AsyncIterator[None]:
    """A balancer, from when it lets requests through to the end of the block."""
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            program, *map(str, words), env=environment, stdout=output, stderr=output
        )
    try:
        await until_answered(port, process, log)
        yield
    finally:
        process.terminate()
        await process.wait()
