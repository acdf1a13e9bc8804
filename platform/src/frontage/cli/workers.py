"""Worker processes around one listening socket, and a parent that keeps them running.

The parent takes the port, starts the workers and replaces one that dies; the first that serves opens the door. SIGTERM
and SIGINT stop them all and SIGHUP reloads in the parent alone. A worker whose parent is gone stops too.
"""

import asyncio
import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.context import SpawnProcess
from queue import SimpleQueue
from socket import socket
from typing import Protocol

from frontage.base.errors import FrontageError
from frontage.base.logs import get_logger
from frontage.edge.server import GRACEFUL_SECONDS, LOOPBACK, bind

EARLY_SECONDS = 10.0
MOST_EARLY_DEATHS = 5
_FIRST_DELAY = 0.2
_KILL_AFTER = 5
_FOR_THE_PARENT = (signal.SIGINT, signal.SIGHUP)
"""A terminal sends these to the whole group of processes; a worker leaves them to its parent."""

log = get_logger(__name__)


class Work(Protocol):
    """What a worker runs: serves on `sockets` until SIGTERM, then returns, or raises."""

    def __call__(self, index: int, sockets: list[socket]) -> None:
        """Run in the main thread of the process; `index` counts from 0 and stays when a worker is replaced."""


class WorkersFailedError(FrontageError):
    """Workers died again and again, or did not end well."""


def run_workers(
    work: Work,
    *,
    on_reload: Callable[[], None],
    on_listening: Callable[[], None] = lambda: None,
    host: str = LOOPBACK,
    port: int = 8000,
    workers: int = 1,
    graceful_seconds: int = GRACEFUL_SECONDS,
) -> None:
    """Run `work` in so many processes, to be called in the main thread; return after a clean stop.

    One worker runs right here. For more, `work` is sent to processes that start from scratch: it has to be picklable
    (a top-level function, or a partial of one) and sets up its own logs. `on_listening` is called once the port is
    ours. SIGHUP calls `on_reload` in a thread of this process, one call after the other.

    A ConfigurationError says why the port cannot be opened; a WorkersFailedError that workers keep dying right after
    their start, or that some had to be killed in the end.
    """
    listening = bind(host, port)
    with _reloading(on_reload), contextlib.closing(listening):
        on_listening()
        if workers == 1:
            work(0, [listening])
        else:
            asyncio.run(_Supervisor(work, listening, graceful_seconds).run(workers))


class _Supervisor:
    def __init__(self, work: Work, listening: socket, graceful_seconds: int) -> None:
        self._work = work
        self._listening = listening
        self._last_call = graceful_seconds + _KILL_AFTER
        self._running: dict[int, SpawnProcess] = {}
        self._stopping = asyncio.Event()
        self._failures: list[str] = []

    async def run(self, workers: int) -> None:
        """Keep the workers running until a signal, and wait until the last one is gone."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        try:
            await asyncio.gather(*(self._keep(index) for index in range(workers)))
        finally:
            self._tell_all(signal.SIGTERM)
        if self._failures:
            raise WorkersFailedError("\n".join(self._failures))

    async def _keep(self, index: int) -> None:
        """Run one worker after the other in the same place."""
        early_deaths = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            process = self._start(index)
            code = await _exit_code(process)
            del self._running[index]
            if self._stopping.is_set():
                self._note_end(index, code)
                return
            early_deaths = early_deaths + 1 if time.monotonic() - began < EARLY_SECONDS else 0
            log.error("worker.died", worker=index, pid=process.pid, exit_code=code)
            if early_deaths == MOST_EARLY_DEATHS:
                self._give_up(index, code)
            elif early_deaths:
                await self._pause(_FIRST_DELAY * 2 ** (early_deaths - 1))

    def _start(self, index: int) -> SpawnProcess:
        process = multiprocessing.get_context("spawn").Process(
            target=_run_worker, args=(self._work, index, self._listening, self._last_call), name=f"worker-{index}"
        )
        # Until the worker has said that it leaves these to its parent, they wait.
        signal.pthread_sigmask(signal.SIG_BLOCK, _FOR_THE_PARENT)
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _FOR_THE_PARENT)
        self._running[index] = process
        log.info("worker.started", worker=index, pid=process.pid)
        return process

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    def _give_up(self, index: int, code: int) -> None:
        self._failures.append(
            f"Worker {index} ended {MOST_EARLY_DEATHS} times within {EARLY_SECONDS:.0f} seconds of its start, the last "
            f"time with exit code {code}; the log above says why. `frontage check` finds most causes."
        )
        self._stop()

    def _stop(self) -> None:
        if not self._stopping.is_set():
            self._stopping.set()
            self._listening.close()  # or clients would queue where nobody answers
            asyncio.get_running_loop().call_later(self._last_call, self._tell_all, signal.SIGKILL)
        self._tell_all(signal.SIGTERM)

    def _tell_all(self, number: signal.Signals) -> None:
        for process in self._running.values():
            if process.pid is not None and process.is_alive():
                os.kill(process.pid, number)

    def _note_end(self, index: int, code: int) -> None:
        if code in {0, -signal.SIGTERM}:  # the latter, if it was told before it served
            return
        log.error("worker.ended_badly", worker=index, exit_code=code)
        self._failures.append(f"Worker {index} did not stop cleanly: exit code {code}.")


async def _exit_code(process: SpawnProcess) -> int:
    loop, gone = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(process.sentinel, gone.set)
    try:
        await gone.wait()
    finally:
        loop.remove_reader(process.sentinel)
    process.join()
    return process.exitcode or 0


def _run_worker(work: Work, index: int, listening: socket, last_call: int) -> None:
    for number in _FOR_THE_PARENT:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _FOR_THE_PARENT)
    threading.Thread(target=_stop_with_parent, args=(last_call,), name="parent-watch", daemon=True).start()
    work(index, [listening])


def _stop_with_parent(last_call: int) -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(last_call)
    os.kill(os.getpid(), signal.SIGKILL)


@contextlib.contextmanager
def _reloading(on_reload: Callable[[], None]) -> Iterator[None]:
    asked: SimpleQueue[bool] = SimpleQueue()  # the one queue that a signal's handler may put into
    previous = signal.signal(signal.SIGHUP, lambda _number, _frame: asked.put(True))
    threading.Thread(target=_reload_when_asked, args=(asked, on_reload), name="reload", daemon=True).start()
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, previous)
        asked.put(False)


def _reload_when_asked(asked: "SimpleQueue[bool]", on_reload: Callable[[], None]) -> None:
    while asked.get():
        try:
            on_reload()
        except Exception:
            # A reload that fails must not end the reloads, still less the serving.
            log.exception("reload.failed")
