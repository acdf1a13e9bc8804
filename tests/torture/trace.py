"""Proof of order: in a trace of a loaded server, every 204 is written after a sync that came after its request was read."""

import asyncio
import os
import re
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from tests.torture.client import Load
from tests.torture.faults import Scene

_CALL = re.compile(r"^(\d+)\s+(\w+)\((\d+)(.*)$")
_RESUMED = re.compile(r"^(\d+)\s+<\.\.\. (\w+) resumed>")


@dataclass
class Order:
    """What the trace shows."""

    answers: int = 0
    too_early: int = 0
    syncs: int = 0
    own_syncs: int = 0
    """Those of the server itself: of its spool, or of the embedded database."""


def check(lines: Iterable[str]) -> Order:
    """Read a trace of read, write and fdatasync."""
    order = Order()
    at, synced_from = 0, -1
    asked: dict[str, int] = {}
    syncing: dict[str, int] = {}
    reading: dict[str, str] = {}
    for line in lines:
        at += 1
        if resumed := _RESUMED.match(line):
            if resumed[2] == "fdatasync" and resumed[1] in syncing:
                order.syncs += 1
                synced_from = max(synced_from, syncing.pop(resumed[1]))
            elif "POST /kitchen" in line and resumed[1] in reading:
                asked[reading[resumed[1]]] = at
            continue
        call = _CALL.match(line)
        if call is None:
            continue
        thread, name, descriptor, rest = call.groups()
        if name == "fdatasync":
            if "unfinished" in rest:
                syncing[thread] = at
            elif "= 0" in rest:
                order.syncs += 1
                synced_from = max(synced_from, at)
        elif "POST /kitchen" in rest:
            asked[descriptor] = at
        elif name in {"read", "recvfrom"} and "unfinished" in rest:
            reading[thread] = descriptor
        elif "HTTP/1.1 204" in rest:
            order.answers += 1
            order.too_early += synced_from < asked.get(descriptor, at)
    return order


async def traced(scene: Scene, *, spooled: bool) -> Order:
    """A loaded run under one strace for the server and, where the events go to PostgreSQL, all of its processes."""
    output = Path(scene.data_dir) / "order.trace"
    worker = scene.worker()
    await worker.start()
    assert worker.process
    database = [] if spooled or scene.cluster is None else scene.cluster.processes()
    calls = "trace=read,recvfrom,write,writev,sendto,sendmsg,fdatasync"
    words = ["strace", "-f", "-s", "40", "-o", str(output), "-e", calls]
    for process in (worker.process.pid, *database):
        words += ["-p", str(process)]
    strace = await asyncio.create_subprocess_exec(*words, stderr=asyncio.subprocess.PIPE)
    assert strace.stderr
    for _ in (worker.process.pid, *database):
        assert b"attached" in await strace.stderr.readline()
    async with scene.locked() if spooled else nullcontext(), scene.under_load(worker, load=Load(connections=8)):
        await asyncio.sleep(3)
        spools = (await worker.numbers())["spooled"]
    own = set(os.listdir(f"/proc/{worker.process.pid}/task"))  # noqa: PTH208 - a few names, no walk
    strace.terminate()
    await strace.communicate()
    assert not spooled or spools, "the events went to the database"
    await worker.kill()
    lines = output.read_text(errors="replace").splitlines()
    order = check(lines)
    order.own_syncs = sum("fdatasync(" in line and line.split(" ", 1)[0] in own for line in lines)
    return order
