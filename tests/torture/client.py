"""A client that remembers which events were acknowledged, and how long each answer took."""

import asyncio
import random
import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from tests.torture.site import Shop

from frontage.intake.stream import id_from

PATH = "/kitchen/api/v1/public/tastes"
_CHUNKED = re.compile(rb"(?i)transfer-encoding: *chunked")
_LENGTH = re.compile(rb"(?i)content-length: (\d+)")


@dataclass
class Ledger:
    """What the client knows."""

    shops: list[Shop] = field(default_factory=list)
    acknowledged: set[tuple[UUID, UUID]] = field(default_factory=set)
    answers: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    gone: set[UUID] = field(default_factory=set)
    """Shops that were deleted: of them nothing may be there."""
    next: int = 0

    def p99(self) -> float:
        ordered = sorted(self.latencies)
        return ordered[int(len(ordered) * 0.99)] if ordered else 0.0


@dataclass
class Load:
    """How the client behaves."""

    connections: int = 16
    size: int = 3
    """Events that a connection sends for one shop before it takes another."""
    twice: bool = False
    """Send every event twice, the second on a connection of its own and in another order."""
    shifted: bool = False
    """Clocks of clients that are days off."""
    pause: float = 0.0


async def fire(port: int, ledger: Ledger, load: Load, stop: asyncio.Event) -> None:
    """Send events on every connection until told to stop, or until the server is gone."""
    lines = [_line(port, ledger, load, stop) for _ in range(load.connections)]
    await asyncio.gather(*lines)


async def _line(port: int, ledger: Ledger, load: Load, stop: asyncio.Event) -> None:
    with suppress(OSError, asyncio.IncompleteReadError):
        async with asyncio.timeout(120):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            other = await asyncio.open_connection("127.0.0.1", port) if load.twice else None
            try:
                while not stop.is_set():
                    shop, events = _batch(ledger, load)
                    sends = [_send_all(reader, writer, ledger, shop, events)]
                    if other:
                        sends.append(_send_all(*other, ledger, shop, events[::-1]))
                    await asyncio.gather(*sends)
                    await asyncio.sleep(load.pause)
            finally:
                writer.transport.abort()
                if other:
                    other[1].transport.abort()


def _batch(ledger: Ledger, load: Load) -> tuple[Shop, list[dict[str, object]]]:
    events: list[dict[str, object]] = []
    for _ in range(load.size):
        ledger.next += 1
        event: dict[str, object] = {"event_id": str(ledger.next), "dish": f"dish-{ledger.next % 11}"}
        if load.twice or load.shifted:
            event["at"] = datetime.now(UTC) + timedelta(days=random.randint(-40, 12) if load.shifted else 0)
        events.append(event)
    return random.choice(ledger.shops), events


async def _send_all(reader, writer, ledger: Ledger, shop: Shop, events: list[dict[str, object]]) -> None:
    for event in events:
        await _send(reader, writer, ledger, shop, event)


async def _send(reader, writer, ledger: Ledger, shop: Shop, event: dict[str, object]) -> None:
    loop = asyncio.get_running_loop()
    body = msgspec.json.encode(event)
    began = loop.time()
    writer.write(
        f"POST {PATH} HTTP/1.1\r\nhost: localhost\r\nx-api-key: {shop.key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode()
        + body
    )
    head = await reader.readuntil(b"\r\n\r\n")
    status = head[9:12].decode()
    if length := _LENGTH.search(head):
        await reader.readexactly(int(length[1]))
    ledger.latencies.append(loop.time() - began)
    ledger.answers[status] += 1
    if status == "204":
        ledger.acknowledged.add((shop.tenant, id_from(str(event["event_id"]))))


async def get(port: int, path: str) -> bytes:
    """One GET on a connection of its own; an answer that ends early, as a killed server's, is a lost connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"GET %s HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n" % path.encode())
        answer = await reader.read()
        if not _is_whole(answer):
            raise ConnectionResetError(path)
        return answer
    finally:
        writer.close()


def _is_whole(answer: bytes) -> bool:
    head, _, body = answer.partition(b"\r\n\r\n")
    if length := _LENGTH.search(head):
        return len(body) == int(length[1])
    if _CHUNKED.search(head):
        return body.endswith(b"0\r\n\r\n")
    return head[9:12] == b"204"
