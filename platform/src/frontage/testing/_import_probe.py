"""Imports one module in a process of its own and tells, as JSON, what that loaded and did; run by path."""

import importlib
import json
import os
import sys
from typing import Any

HEAVY = ("litestar", "sqlalchemy", "alembic", "asyncpg", "aiosqlite", "uvicorn", "httpx", "pytest")
_DEEDS = (
    "ftplib.", "http.client.", "os.exec", "os.fork", "os.link", "os.mkdir", "os.posix_spawn", "os.remove", "os.rename",
    "os.rmdir", "os.symlink", "os.system", "os.truncate", "shutil.", "smtplib.", "socket.", "sqlite3.connect",
    "subprocess.", "tempfile.", "urllib.",
)  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC

deeds: list[str] = []


def note(event: str, arguments: tuple[Any, ...]) -> None:
    """Keep what writes, connects or starts something."""
    if event == "open":
        path, mode, flags = arguments
        if set(mode or "") & set("wax+") or (flags or 0) & _WRITING:
            deeds.append(f"open {path!r} for writing")
    elif event.startswith(_DEEDS):
        deeds.append(event)


def main(module: str) -> None:
    """Import the module and tell."""
    sys.addaudithook(note)
    importlib.import_module(module)
    told = {"heavy": [name for name in HEAVY if name in sys.modules], "deeds": list(dict.fromkeys(deeds))}
    sys.stdout.write("\n" + json.dumps(told) + "\n")


if __name__ == "__main__":
    # The folder of this file stands first on the path: its modules would pass for others of their names.
    sys.path.pop(0)
    main(sys.argv[1])
