"""Make `.venv` ready: the hashed lock first, then the workspace's own packages, editable.

Needs the standard library only. `make setup` runs it; a second run finds nothing to do and says nothing.
What was interrupted is built anew, because a half-installed package cannot be told from a whole one.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

if not (3, 11) <= sys.version_info[:2] <= (3, 14):  # ahead of anything that an old Python could not run
    usable = [name for name in ("python3.14", "python3.13", "python3.12", "python3.11") if shutil.which(name)]
    sys.exit(
        f"setup: Python {platform.python_version()} ({sys.executable}) is not 3.11 to 3.14.\n"
        + ("" if usable else "None is on PATH; install one first, for example: apt install python3.11-venv\n")
        + f"Choose another one: export PYTHON={usable[0] if usable else 'python3.12'}, or make PYTHON=... run"
    )

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "frontage-setup.json"
LOCK = ROOT / "requirements.txt"
NETWORK_SIGNS = ("Retrying (", "NewConnectionError", "No matching distribution", "error sending request")

Fingerprint = dict[str, dict[str, str]]


class SetupError(Exception):
    """Set-up cannot go on; the message names the reason and the fix."""


def say(text: str) -> None:
    """Tell the person at the terminal."""
    sys.stdout.write(f"setup: {text}\n")
    sys.stdout.flush()


def find_members() -> list[Path]:
    """Find this repository's packages: the platform, the plugins, and those that tests bring along."""
    patterns = ("platform/pyproject.toml", "plugins/*/pyproject.toml", "tests/support/*/pyproject.toml")
    return [path for pattern in patterns for path in sorted(ROOT.glob(pattern))]


def take_fingerprint() -> Fingerprint:
    """Describe what the installed state depends on; an equal one means that there is nothing to do."""
    if not LOCK.is_file():
        raise SetupError("requirements.txt is missing. Restore it: git checkout requirements.txt")
    base = {"python": platform.python_version(), "root": str(ROOT), "lock": _digest(LOCK)}
    members = {str(path.parent.relative_to(ROOT)): _digest(path) for path in find_members()}
    return {"base": base, "members": members}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_stamp() -> Fingerprint:
    """Read what the last complete set-up installed; empty when there was none or its programs are gone."""
    if not (PYTHON.exists() and (VENV / "bin" / "frontage").exists()):
        return {}
    try:
        stamp: Fingerprint = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return stamp


class Installer:
    """uv when it is on PATH, else the pip of the virtual environment."""

    def __init__(self, lock_handle: int) -> None:
        self.lock_handle = lock_handle
        self.uv = shutil.which("uv")
        self.name = "uv" if self.uv else "pip"
        # The Python behind a virtual environment: the one we run in may be the .venv that is about to go.
        self.python = getattr(sys, "_base_executable", None) or sys.executable

    def make_venv(self) -> None:
        """Put an empty virtual environment in place of whatever stood there."""
        missing = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
        if missing and not self.uv:
            raise SetupError(
                f"this Python lacks {' and '.join(missing)}, so no virtual environment can be made.\n"
                "On Debian or Ubuntu: apt install python3-venv. Or install uv: it is used when it is on PATH."
            )
        if VENV.exists():
            shutil.rmtree(VENV)
        make = [self.uv, "venv", "--python", self.python] if self.uv else [self.python, "-m", "venv"]
        self._run([*make, str(VENV)], "making .venv")

    def install(self, what: str, *words: str) -> None:
        """Install into `.venv` what the words name."""
        pip = [self.uv, "pip"] if self.uv else [str(PYTHON), "-m", "pip"]
        target = ["--python", str(PYTHON)] if self.uv else []
        self._run([*pip, "install", "--quiet", *target, *words], f"installing {what}")

    def _run(self, command: list[str], doing: str) -> None:
        done = subprocess.run(  # noqa: S603 - our own words only
            command,
            cwd=ROOT,
            env={**os.environ, "PIP_USER": "0", "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            pass_fds=(self.lock_handle,),  # a child that outlives us keeps the next run waiting
        )
        if done.returncode:
            raise SetupError(explain_failure(doing, self.name, done.stdout))


def explain_failure(doing: str, tool: str, output: str) -> str:
    """Give the end of the tool's own words, and what usually mends it."""
    lines = [line for line in output.splitlines() if line.strip()][-12:]
    message = f"{doing} failed; the last words of {tool}:\n" + "\n".join(f"    {line}" for line in lines)
    if any(sign in output for sign in NETWORK_SIGNS):
        message += "\nThe package index cannot be reached or lacks a file. Check the network; behind a proxy"
        message += " set HTTPS_PROXY, for a mirror PIP_INDEX_URL (uv: UV_DEFAULT_INDEX)."
    return f"{message}\nThen run it again: it starts afresh."


@contextlib.contextmanager
def only_one() -> Iterator[int]:
    """Let one set-up run at a time; gives the handle that holds the lock."""
    with Path(__file__).open(encoding="utf-8") as this_file:
        try:
            fcntl.flock(this_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up is at work here; waiting for it")
            fcntl.flock(this_file, fcntl.LOCK_EX)
        yield this_file.fileno()


def set_up(lock_handle: int) -> None:
    """Bring `.venv` to the state that the lock and the members describe."""
    wanted, found = take_fingerprint(), read_stamp()
    if found == wanted:
        return
    if not os.access(ROOT, os.W_OK):
        raise SetupError(f"{ROOT} is read-only for you, and .venv belongs there. Use a writable copy.")
    started = time.monotonic()
    installer = Installer(lock_handle)
    if only_adds_members(found, wanted):
        STAMP.unlink()
    else:
        say(f"making .venv with Python {platform.python_version()} and {installer.name}; about a minute")
        installer.make_venv()
        installer.install("the locked packages", "--require-hashes", "-r", str(LOCK))
    members = list(wanted["members"])
    say(f"installing {', '.join(members)}")
    editables = [word for member in members for word in ("-e", str(ROOT / member))]
    installer.install("the workspace's own packages", "--no-deps", "--no-build-isolation", *editables)
    STAMP.write_text(json.dumps(wanted, indent=2) + "\n", encoding="utf-8")
    say(f"ready in {time.monotonic() - started:.0f} s")


def only_adds_members(found: Fingerprint, wanted: Fingerprint) -> bool:
    """Tell whether what is installed can stay: pip takes nothing away that is no longer named."""
    if not found or found["base"] != wanted["base"]:
        return False
    return found["members"].keys() <= wanted["members"].keys()


def main() -> int:
    """Set up, or say in plain words why not."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        with only_one() as lock_handle:
            set_up(lock_handle)
    except SetupError as error:
        sys.stderr.write(f"setup: {error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"setup: {error}. Check the rights and the free space, then run it again.\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("setup: interrupted; the next run starts afresh.\n")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
