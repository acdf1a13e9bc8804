"""Keeps a PostgreSQL server running for as long as standard input stays open; run by path, never imported.

However the test process ends, even killed, its end of the pipe closes: then the server stops and its folder goes.
Arguments: the folder of PostgreSQL's programs, the account to run them as (empty: one's own), server options.
Answers on standard output with `ready PORT`, or with the end of the server's log.
"""

import os
import pwd
import select
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

START_SECONDS = 60


def main(bin_dir: str, user: str, *options: str) -> int:
    """Run a server in a folder of its own until standard input closes."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with tempfile.TemporaryDirectory(prefix="frontage-pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        log = folder / "server.log"
        account = _account(user, folder)
        with log.open("wb") as output:
            account |= {"cwd": "/", "stdin": subprocess.DEVNULL, "stdout": output, "stderr": output}
            if _initdb(Path(bin_dir), folder, account) and _serve(Path(bin_dir), folder, options, account):
                return 0
        sys.stdout.write("\n".join(log.read_text(errors="replace").splitlines()[-8:]))
        return 1


def _account(user: str, folder: Path) -> dict[str, Any]:
    if not user:
        return {}
    entry = pwd.getpwnam(user)
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _initdb(bin_dir: Path, folder: Path, account: dict[str, Any]) -> bool:
    words = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]
    command = [f"{bin_dir}/initdb", f"--pgdata={folder}/data", *words]
    return subprocess.run(command, check=False, **account).returncode == 0  # noqa: S603 - our own words only


def _serve(bin_dir: Path, folder: Path, options: tuple[str, ...], account: dict[str, Any]) -> bool:
    port = _free_port()
    where = ["-D", f"{folder}/data", "-h", "127.0.0.1", "-p", str(port), "-k", str(folder)]
    command = [f"{bin_dir}/postgres", *where, *options]
    with subprocess.Popen(command, **account) as server:  # noqa: S603 - our own words only
        try:
            if not _is_ready(server, folder / "data" / "postmaster.pid"):
                return False
            sys.stdout.write(f"ready {port}\n")
            sys.stdout.flush()
            while server.poll() is None and not _input_closed(wait=0.5):
                pass
            return True
        finally:
            _stop(server)


def _is_ready(server: subprocess.Popen[str], pid_file: Path) -> bool:
    for _ in range(START_SECONDS * 20):
        if server.poll() is not None or _input_closed(wait=0.05):
            return False
        # The eighth line is the postmaster's state, written for pg_ctl.
        if pid_file.exists() and pid_file.read_text().split("\n")[7:8] == ["ready   "]:
            return True
    return False


def _input_closed(wait: float) -> bool:
    return bool(select.select([sys.stdin], [], [], wait)[0])


def _stop(server: subprocess.Popen[str]) -> None:
    server.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
    try:
        server.wait(timeout=20)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)  # its immediate one, which takes the children along


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
