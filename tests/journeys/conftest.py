"""Real `frontage` processes on loopback ports, each with a folder, an environment and the kitchen sink.

Servers are started as an operator starts them; the many short commands around them share one import (see `forked`).
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from forked import Forge
from installed import install_kitchen_sink

FRONTAGE = Path(sys.executable).with_name("frontage")
SOON = 60.0
"""Seconds within which something happens even on a busy machine."""
SECRET = "a secret of thirty-two characters and more"
KITCHEN = "[plugins.kitchen-sink]\nseats = 7\n"
ACME = f'name = "Acme"\nnumber = 1\n{KITCHEN}'
BOLT = 'name = "Bolt"\nnumber = 2\n'


class Site:
    """A folder with tenant files and an environment in which `frontage` is run."""

    def __init__(self, forge: Forge, folder: Path, url: str | None = None):
        self.forge = forge
        self.folder = folder
        self.var = folder / "var"
        self.tenants = folder / "tenants"
        self.path = [str(entry) for entry in install_kitchen_sink(folder / "site")]
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
        self.environment["PYTHONPATH"] = ":".join([*self.path, os.environ.get("PYTHONPATH", "")]).rstrip(":")
        if url:
            self.environment |= {"FRONTAGE_DATABASE_URL": url, "FRONTAGE_SECRET": SECRET}
        self.write(acme=ACME, bolt=BOLT)
        self.servers: list[Server] = []

    def write(self, **files):
        """Put these tenant files in place of all others."""
        self.tenants.mkdir(parents=True, exist_ok=True)
        for old in self.tenants.glob("*.toml"):
            old.unlink()
        for slug, text in files.items():
            (self.tenants / f"{slug}.toml").write_text(text)

    def run(self, *words, code=0, **environment):
        """Run a command, and give what it printed: standard output, standard error."""
        merged = {**self.environment, **environment}
        result = self.forge.start(*words, folder=self.folder, environment=merged, path=self.path).end()
        assert result.code == code, result.out + result.err
        return result.out, result.err

    def key(self, *words, tenant="acme", kind="secret"):
        """A new key with its id."""
        return json.loads(self.run("keys", "create", tenant, "--kind", kind, "--json", *words)[0])

    def serve(self, *words, port=None, **environment):
        """Start a server, on a free port unless one is given; it is ready when this returns."""
        server = Server(self, words, environment, port or free_port())
        self.servers.append(server)
        server.until_ready()
        return server


class Server:
    """A `frontage serve` under way."""

    def __init__(self, site, words, environment, port):
        self.port = port
        self.url = f"http://127.0.0.1:{self.port}"
        number = len(site.servers)
        self.out, self.err = site.folder / f"out-{number}", site.folder / f"err-{number}"
        with self.out.open("w") as out, self.err.open("w") as err:
            self.process = subprocess.Popen(
                [FRONTAGE, "serve", "--port", str(self.port), *map(str, words)],
                cwd=site.folder,
                env={**site.environment, **environment},
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

    def until_ready(self):
        until(lambda: self.process.poll() is not None or self.status("/health/ready") == 200, self.err.read_text)
        assert self.process.poll() is None, self.err.read_text()

    def status(self, path):
        """The status that a request gets; 0 when nobody answers."""
        with suppress(httpx.TransportError):
            return httpx.get(self.url + path, timeout=SOON).status_code
        return 0

    def whoami(self, key):
        """The answer that a key gets, on a connection of its own, so that any worker may give it."""
        return httpx.get(f"{self.url}/account/api/v1/whoami", headers={"X-API-Key": key}, timeout=SOON)

    @property
    def log(self):
        """Every line of standard error, as far as it is whole; each is JSON."""
        return [json.loads(line) for line in self.err.read_text().rpartition("\n")[0].splitlines()]

    def events(self, name):
        """The log's lines of this event."""
        return [line for line in self.log if line["event"] == name]

    def stop(self, number=signal.SIGTERM):
        """Stop it, and give its exit code."""
        self.process.send_signal(number)
        return self.process.wait(SOON)

    def kill(self):
        """End it and its workers, however they are."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGCONT)
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(SOON)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(holds: Callable[[], object], told: Callable[[], object] = lambda: "it did not happen", seconds: float = SOON):
    """Wait until something holds, and give it; gives up with what is `told`."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, told()
        time.sleep(0.05)
    return found


@pytest.fixture(scope="session")
def forge() -> Iterator[Forge]:
    forge = Forge()
    yield forge
    forge.close()


@pytest.fixture(scope="module")
def new_site(forge: Forge, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Site]]:
    """Makes sites; whatever serves on them ends with the file's tests."""
    made: list[Site] = []

    def make(url: str | None = None) -> Site:
        made.append(Site(forge, tmp_path_factory.mktemp("site"), url))
        return made[-1]

    yield make
    for site in made:
        for server in site.servers:
            server.kill()
