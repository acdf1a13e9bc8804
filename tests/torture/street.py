"""What visitors of many pages send to a street of hosts behind one balancer, and a ledger of what was promised to them."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

import msgspec

PATIENCE = 60.0
"""Seconds for an answer, longer than any that a balancer gives up after."""
EVERYDAY = ("search", "widget", "landing", "beacon")
"""The kinds of requests that all plugins together see all day."""
_LENGTH = re.compile(rb"(?i)content-length: (\d+)")
_CLOSES = re.compile(rb"(?i)\r\nconnection: close")


@dataclass(frozen=True)
class Request:
    """One request, and what it carries that must be found again in the tables."""

    kind: str
    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What came back, and when it was asked and answered."""

    kind: str
    status: int
    body: bytes
    began: float
    ended: float


@dataclass
class Ledger:
    """What the visitors know."""

    acknowledged: dict[str, set[str]] = field(default_factory=dict)
    """The marks of every event that was answered with 2xx, by the kind of request."""
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    failures: list[Answer] = field(default_factory=list)
    """Answers of 5xx."""
    surprises: list[str] = field(default_factory=list)
    """Whatever else no answer may be."""

    def note(self, request: Request, answer: Answer) -> None:
        """Enter an answer."""
        self.answers[request.kind, answer.status] += 1
        if answer.status >= 500:
            self.failures.append(answer)
        elif answer.status < 300:
            self.acknowledged.setdefault(request.kind, set()).update(request.marks)

    def told(self, kind: str, status: int) -> int:
        """How many requests of a kind got this status."""
        return self.answers[kind, status]


class Line:
    """A connection that is kept as long as the balancer keeps it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._ends: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: Request) -> Answer:
        """Send a request and wait for its answer; a balancer that breaks off is an error."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with asyncio.timeout(PATIENCE):
            if self._ends is None:
                self._ends = await asyncio.open_connection("127.0.0.1", self.port)
            reader, writer = self._ends
            writer.write(_wire(request))
            head = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(head)
            body = await reader.readexactly(int(length[1]) if length else 0)
        if _CLOSES.search(head):
            self.close()
        return Answer(request.kind, int(head[9:12]), body, began, loop.time())

    def close(self) -> None:
        """Let go of it."""
        if self._ends is not None:
            self._ends[1].close()
            self._ends = None


def _wire(request: Request) -> bytes:
    body = b"" if request.body is None else msgspec.json.encode(request.body)
    headers = {"Host": "edge.example.com", "Content-Length": str(len(body)), **request.headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{request.method} {request.path} HTTP/1.1\r\n{lines}\r\n".encode() + body


@dataclass
class Street:
    """Visitors on their way, all through one balancer."""

    port: int
    ledger: Ledger = field(default_factory=Ledger)

    @asynccontextmanager
    async def visited(
        self, requests: Iterator[Request], *, lines: int = 1, look: Callable[[Answer], None] = lambda _answer: None
    ) -> AsyncIterator[None]:
        """While the block runs, send these requests over so many connections; `look` sees every answer."""
        stop = asyncio.Event()
        tasks = [asyncio.create_task(self._walk(requests, stop, look)) for _ in range(lines)]
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*tasks)

    async def _walk(self, requests: Iterator[Request], stop: asyncio.Event, look: Callable[[Answer], None]) -> None:
        line = Line(self.port)
        for request in requests:
            if stop.is_set():
                break
            try:
                answer = await line.ask(request)
            except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
                self.ledger.surprises.append(f"{request.kind}: the balancer gave no answer ({error!r})")
                line.close()
            else:
                self.ledger.note(request, answer)
                look(answer)
            await asyncio.sleep(0.005)
        line.close()

    async def flows(self, times: int = 20) -> None:
        """Wait until every everyday kind of request has been answered well so often from now on."""
        wanted = {kind: self._well(kind) + times for kind in EVERYDAY}
        try:
            async with asyncio.timeout(2 * PATIENCE):
                while any(self._well(kind) < number for kind, number in wanted.items()):  # noqa: ASYNC110 - it is counted
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(
                f"{wanted} were awaited; {dict(self.ledger.answers)}, {self.ledger.surprises}"
            ) from None

    def _well(self, kind: str) -> int:
        return self.ledger.told(kind, 200) + self.ledger.told(kind, 204)


def searches(kind: str, key: str) -> Iterator[Request]:
    """What is near the same spot, again and again."""
    for _ in count():
        path = "/locations/api/v1/public/locations?lat=14.1&lon=-87.2&radius=500"
        yield Request(kind, "GET", path, {"X-API-Key": key})


def widget_events(key: str) -> Iterator[Request]:
    """What a widget tells of its visitors."""
    for _ in count():
        body = {"event": "widget_load", "api_key": key, "referrer": "https://www.acme.example/stores"}
        yield Request("widget", "POST", "/locations/api/v1/public/widget-events", body=body)


def landing_events(tenant: str, name: str = "landing") -> Iterator[Request]:
    """Deeds on a landing page, which have no name of their own: whatever is sent twice is counted twice."""
    for number in count():
        mark = f"{name}-{number}"
        body = {"tenant_id": tenant, "event_type": "product_click", "metadata": {"mark": mark}}
        yield Request("landing", "POST", "/api/analytics/track", body=body, marks=(mark,))


def batches(token: str) -> Iterator[Request]:
    """Three events of a storefront at a time."""
    for number in count():
        marks = tuple(f"beacon-{number}-{part}" for part in range(3))
        now = datetime.now(UTC).isoformat()
        events = [{"event_type": "search", "timestamp": now, "session_id": mark, "query": "hat"} for mark in marks]
        yield Request("beacon", "POST", "/beacon", {"X-Storefront-Access-Token": token}, {"events": events}, marks)
