"""`frontage`, run many times for the price of one start: a process that has imported it is forked for every command."""

import json
import os
import subprocess
import sys
import traceback
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

_USED = (
    "frontage.cli.serve",
    "frontage.cli.tenants",
    "frontage.cli.keys",
    "frontage.cli.plugins",
    "frontage.cli.check",
    "frontage.cli.openapi",
    "frontage.cli.audit",
    "frontage.cli.intake",
    "frontage.cli.migrate",
    "alembic.command",
    "alembic.autogenerate",
    "aiosqlite",
    "asyncpg",
    "sqlalchemy.dialects.sqlite.aiosqlite",
    "sqlalchemy.dialects.postgresql.asyncpg",
)


@dataclass(frozen=True)
class Result:
    """What a command left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, read as JSON."""
        return json.loads(self.out)

    @property
    def log(self) -> list[dict[str, Any]]:
        """The lines of its log."""
        return [json.loads(line) for line in self.err.splitlines() if line.startswith("{")]


class Forge:
    """The process that is forked; commands run beside each other when several are started before one is awaited."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._number = 0

    def start(self, *words: object, folder: Path, environment: dict[str, str], path: list[str]) -> "Started":
        """Start a command in a folder, with nothing but this environment, and these folders first on the path."""
        self._number += 1
        files = [folder / f".{kind}-{os.getpid()}-{self._number}" for kind in ("out", "err")]
        pid = self._ask(
            words=[str(word) for word in words],
            folder=str(folder),
            environment=environment,
            path=path,
            files=[str(file) for file in files],
        )
        return Started(self, pid, *files)

    def _ask(self, **request: Any) -> int:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def wait(self, pid: int) -> int:
        """The exit code of a command, as soon as it has ended."""
        return self._ask(wait=pid)

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


@dataclass(frozen=True)
class Started:
    """A command under way."""

    forge: Forge
    pid: int
    out: Path
    err: Path

    def end(self) -> Result:
        """Wait for it."""
        code = self.forge.wait(self.pid)
        texts = [file.read_text() for file in (self.out, self.err)]
        for file in (self.out, self.err):
            file.unlink()
        return Result(code, *texts)


def _serve() -> None:
    for name in _USED:
        import_module(name)
    for line in sys.stdin:
        request = json.loads(line)
        if "wait" in request:
            answer = os.waitstatus_to_exitcode(os.waitpid(request["wait"], 0)[1])
        else:
            answer = os.fork() or _run(request)
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


def _run(request: dict[str, Any]) -> int:
    code = 1
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number, name in enumerate(request["files"], start=1):
            os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT, 0o600), number)
        os.chdir(request["folder"])
        os.environ.clear()
        os.environ.update(request["environment"])
        sys.path[:0] = request["path"]
        sys.argv = ["frontage", *request["words"]]
        import_module("frontage.cli").main()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001  # whatever a command raises is what its test wants to see
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _serve()
