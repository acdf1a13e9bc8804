"""RESULTS.md: one page, a section for each command that proves something; each command writes its own anew.

Ratios and counts only: what a machine does in a second says nothing about another.
"""

import os
import platform
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

PAGE = Path(__file__).parents[1] / "RESULTS.md"
TITLE = """# Results

Every claim of the README is a command; this page is what they last came to. Each section is written by its command.
"""
COMMANDS = ("make bench", "make torture", "make security")
_PROGRAMS = (("postgres", "--version"), ("redis-server", "--version"), ("wrk", "--version"))


def write_section(command: str, words: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Put a command's table in place of the one of its last run."""
    lines = [f"| {' | '.join(map(_cell, row))} |" for row in (heads, ["---"] * len(heads), *rows)]
    text = f"## {command}\n\n{machine()}\n{words}\n\n" + "\n".join(lines) + "\n"
    sections = _sections() | {command: text}
    PAGE.write_text("\n".join([TITLE, *(sections[name] for name in COMMANDS if name in sections)]))


def machine() -> str:
    """Date, machine class and versions, in a line."""
    memory = round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30))
    ours = [f"frontage {version('frontage')}", f"Python {platform.python_version()}"]
    theirs = [f"{name} {version(name)}" for name in ("litestar", "uvicorn", "msgspec", "asyncpg")]
    today = datetime.now(UTC).date().isoformat()
    return f"{today}, {len(os.sched_getaffinity(0))} cores, {memory} GiB. {', '.join([*ours, *theirs, *_programs()])}."


def _programs() -> Iterable[str]:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    path = os.pathsep.join([*map(str, folders), os.environ.get("PATH", "")])
    for name, word in _PROGRAMS:
        if program := shutil.which(name, path=path):
            told = subprocess.run([program, word], check=False, capture_output=True, text=True)
            yield next(iter((told.stdout or told.stderr).splitlines()), name).split(" sha=")[0].split(" (")[0]


def _sections() -> dict[str, str]:
    if not PAGE.exists():
        return {}
    parts = PAGE.read_text().split("\n## ")[1:]
    return {part.partition("\n")[0]: f"## {part.rstrip()}\n" for part in parts}


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
