"""A machine of somebody else: an empty virtual environment, wheels, and no checkout in reach."""

import os
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import httpx
import pytest
from tests.journeys.conftest import free_port, until

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Machine:
    """A virtual environment, a folder to work in, and what pip finds beside its index."""

    python: Path
    home: Path
    wheels: Path

    def run(self, *words: object, folder: Path | None = None, code: int = 0, **environment: str) -> str:
        """Run a program of the environment; gives what it printed."""
        told = subprocess.run(
            [self.python.with_name(str(words[0])), *map(str, words[1:])],
            cwd=folder or self.home,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert told.returncode == code, f"{words}\n{told.stdout}\n{told.stderr}"
        return told.stdout

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the developer's own: no PYTHONPATH, no settings."""
        return {"PATH": f"{self.python.parent}:{os.environ['PATH']}", "HOME": str(self.home), "LANG": "C.UTF-8"}

    def install(self, *requirements: str) -> None:
        """Install from the wheels alone; what they need must be there already."""
        words = ("--quiet", "--no-index", "--disable-pip-version-check", "--find-links", self.wheels)
        self.run("pip", "install", *words, *requirements)

    def build(self, project: Path) -> None:
        """Build the wheel of a project, as its author does before publishing."""
        subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", self.wheels],
            cwd=project,
            check=True,
            capture_output=True,
            timeout=100,
        )

    def serve(self) -> "Served":
        """Serve on a free port, with the embedded database."""
        port = free_port()
        path = self.home / "serve.log"
        command = [self.python.with_name("frontage"), "serve", "--port", str(port)]
        with path.open("w") as log:
            process = subprocess.Popen(command, cwd=self.home, env=self.environment, stdout=log, stderr=log)
        served = Served(process, httpx.Client(base_url=f"http://127.0.0.1:{port}"), path)
        try:
            until(served.is_ready, served.log.read_text)
        except BaseException:
            served.stop()
            raise
        return served


@dataclass(frozen=True)
class Served:
    """A running server."""

    process: subprocess.Popen[bytes]
    client: httpx.Client
    log: Path

    def is_ready(self) -> bool:
        """Whether it answers."""
        try:
            return self.client.get("/health/ready").status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        """Stop it as an operator does."""
        self.client.close()
        self.process.terminate()
        self.process.wait(timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _link_dependencies(into: Path) -> None:
    """Put everything that is installed here on a shelf, but for what comes from this repository."""
    into.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if not path.name.startswith(("frontage", "_frontage", "_editable", "__editable__", "__pycache__", "pip")):
            (into / path.name).symlink_to(path)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """An empty environment that knows the platform's dependencies, with a wheel of the platform at hand.

    The dependencies are linked from the environment of the tests, so that no index is asked; pip resolves against them.
    """
    folder = tmp_path_factory.mktemp("machine")
    venv.create(folder / "venv", with_pip=True)
    (site,) = folder.glob("venv/lib/python*/site-packages")
    _link_dependencies(folder / "shelf")
    (site / "shelf.pth").write_text(f"{folder / 'shelf'}\n")
    home, wheels = folder / "home", folder / "wheels"
    home.mkdir()
    made = Machine(folder / "venv" / "bin" / "python", home, wheels)
    made.build(ROOT / "platform")
    return made
