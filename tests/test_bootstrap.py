"""Set-up: what it installs, when it has nothing to do, and how it says what is wrong.

uv is a stand-in here that writes down what it is asked for; `.ci/run` proves the real thing in a fresh clone.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

STAND_IN = """#!/bin/sh
echo "$*" >> "$UV_LOG"
if [ "$1" = venv ]; then
    for last; do :; done
    mkdir -p "$last/bin" && touch "$last/bin/python" "$last/bin/frontage"
fi
if [ -e "$UV_LOG.slow" ]; then rm "$UV_LOG.slow"; sleep "${UV_SLEEP:-60}"; fi
if [ -e "$UV_LOG.fails" ]; then cat "$UV_LOG.fails"; exit 2; fi
"""


class Copy:
    """A copy of the repository's outline, with a stand-in for uv on its PATH."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "copy"
        self.log = folder / "uv.log"
        for name in ("bootstrap.py", "requirements.txt", "platform/pyproject.toml"):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.root / name)
        programs = folder / "bin"
        programs.mkdir()
        (programs / "uv").write_text(STAND_IN)
        (programs / "uv").chmod(0o755)
        self.environment = {**os.environ, "PATH": f"{programs}:/usr/bin:/bin", "UV_LOG": str(self.log)}

    def start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "bootstrap.py"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        return subprocess.Popen(command, cwd=self.root, env=self.environment, text=True, **pipes)

    def run(self) -> tuple[int, str, list[str]]:
        """Its exit status, its output, and what was asked of uv: venv, install or nothing."""
        self.log.write_text("")
        with self.start() as process:
            output = process.communicate()[0]
        asked = ["venv" if line.startswith("venv") else "install" for line in self.log.read_text().splitlines()]
        return process.returncode, output, asked

    def add_plugin(self, name: str) -> None:
        folder = self.root / "plugins" / name
        folder.mkdir(parents=True)
        (folder / "pyproject.toml").write_text(f'[project]\nname = "frontage-{name}"\n')


@pytest.fixture
def copy(tmp_path):
    return Copy(tmp_path)


ALL = ["venv", "install", "install"]


def test_it_installs_the_lock_by_hash_and_then_the_members(copy):
    """Downloads are checked against the lock; our own packages follow, editable and without dependencies."""
    copy.add_plugin("demo")
    code, output, asked = copy.run()
    assert (code, asked) == (0, ALL), output
    lock, members = copy.log.read_text().splitlines()[1:]
    assert lock.endswith(f"--require-hashes -r {copy.root}/requirements.txt")
    assert "--no-deps --no-build-isolation" in members
    assert members.endswith(f"-e {copy.root}/platform -e {copy.root}/plugins/demo")


def test_the_second_run_does_and_says_nothing(copy):
    """Once set up, no installer is started and no line is printed."""
    copy.run()
    assert copy.run() == (0, "", [])


def test_a_new_plugin_is_added_to_what_is_there(copy):
    """A plugin put into plugins/ costs its own installation only."""
    copy.run()
    copy.add_plugin("demo")
    assert copy.run()[2] == ["install"]
    assert copy.run()[2] == []


def change_lock(copy):
    with (copy.root / "requirements.txt").open("a") as lock:
        lock.write("# changed\n")


def remove_plugin(copy):
    shutil.rmtree(copy.root / "plugins" / "gone")


def move(copy):
    copy.root = copy.root.rename(copy.root.with_name("moved"))


def lose_program(copy):
    (copy.root / ".venv/bin/frontage").unlink()


def spoil_stamp(copy):
    (copy.root / ".venv/frontage-setup.json").write_text("{")


@pytest.mark.parametrize("event", [change_lock, remove_plugin, move, lose_program, spoil_stamp])
def test_what_no_longer_fits_is_built_anew(copy, event):
    """No package stays behind that the lock or the repository no longer names."""
    copy.add_plugin("gone")
    copy.run()
    event(copy)
    assert copy.run()[2] == ALL


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL], ids=lambda ending: ending.name)
def test_an_interrupted_set_up_is_repaired_by_the_next(copy, ending):
    """A half-made .venv is never taken for a whole one."""
    slow = copy.log.with_name("uv.log.slow")
    slow.touch()
    copy.environment["UV_SLEEP"] = "1"
    with copy.start() as process:
        while slow.exists():
            time.sleep(0.02)
        process.send_signal(ending)
        process.communicate()
    assert process.returncode != 0
    assert copy.run()[::2] == (0, ALL)


def test_two_at_once_take_turns(copy):
    """`make run` and `make test` may be started together in a fresh clone."""
    slow = copy.log.with_name("uv.log.slow")
    slow.touch()
    copy.environment["UV_SLEEP"] = "1"
    with copy.start() as first:
        while slow.exists():
            time.sleep(0.02)
        with copy.start() as second:
            assert "waiting" in second.communicate()[0]
        first.communicate()
    assert (first.returncode, second.returncode) == (0, 0)
    assert len(copy.log.read_text().splitlines()) == len(ALL)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("error sending request for url", "Check the network"),
        ("hash mismatch for litestar", "hash mismatch for litestar"),
    ],
    ids=["no network", "anything else"],
)
def test_a_failure_shows_the_installers_last_words(copy, words, hint):
    """Whoever reads the message knows what to mend, and the next run starts afresh."""
    failure = copy.log.with_name("uv.log.fails")
    failure.write_text(words)
    code, output, _ = copy.run()
    assert code == 1
    assert words in output
    assert hint in output
    failure.unlink()
    assert copy.run()[::2] == (0, ALL)


def test_a_missing_lock_is_named(copy):
    """Without requirements.txt nothing is installed unchecked."""
    (copy.root / "requirements.txt").unlink()
    code, output, asked = copy.run()
    assert (code, asked) == (1, [])
    assert "git checkout requirements.txt" in output


OLD_PYTHON = "sys.version_info = (3, 10, 13, 'final', 0)"
FUTURE_PYTHON = "sys.version_info = (3, 15, 0, 'final', 0)"
NO_ENSUREPIP = (
    "found = importlib.util.find_spec; importlib.util.find_spec = lambda n: None if n == 'ensurepip' else found(n)"
)


@pytest.mark.parametrize(
    ("change", "fix"),
    [
        (OLD_PYTHON, "PYTHON=python3.1"),
        (FUTURE_PYTHON, "PYTHON=python3.1"),
        (NO_ENSUREPIP, "apt install python3-venv"),
    ],
    ids=["too old", "too new", "no venv"],
)
def test_a_python_that_cannot_do_it_is_named_with_the_fix(copy, change, fix):
    """The two most common obstacles come with the command that removes them."""
    script = f"import importlib.util, runpy, sys; {change}; runpy.run_path('bootstrap.py', run_name='__main__')"
    environment = {**copy.environment, "PATH": "/nonexistent"}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=copy.root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert fix in done.stderr
    assert "Traceback" not in done.stderr
    assert not (copy.root / ".venv").exists()
