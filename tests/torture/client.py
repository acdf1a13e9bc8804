"""A client that remembers which events were acknowledged, and how long each answer took."""

import asyncio
import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from frontage.intake.stream import id_from

TENANTS = [UUID(int=n) for n in (1, 2, 3)]


@dataclass
class Ledger:
    """What the client knows."""

    acknowledged: set[tuple[UUID, UUID]] = field(default_factory=set)
    answers: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    next: int = 0

    def p99(self) -> float:
        ordered = sorted(self.latencies)
        return ordered[int(len(ordered) * 0.99)] if ordered else 0.0


@dataclass
class Load:
    """How the client behaves."""

    connections: int = 16
    size: int = 3
    twice: bool = False
    """Send every batch twice, the second on a connection of its own and in another order."""
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
                    tenant, events = _batch(ledger, load)
                    sends = [_send(reader, writer, ledger, tenant, events)]
                    if other:
                        sends.append(_send(*other, ledger, tenant, events[::-1]))
                    await asyncio.gather(*sends)
                    await asyncio.sleep(load.pause)
            finally:
                writer.transport.abort()
                if other:
                    other[1].transport.abort()


def _batch(ledger: Ledger, load: Load) -> tuple[UUID, list[dict[str, object]]]:
    tenant = random.choice(TENANTS)
    events: list[dict[str, object]] = []
    for _ in range(load.size):
        ledger.next += 1
        event: dict[str, object] = {"id": str(ledger.next), "card": f"card-{ledger.next % 11}"}
        if load.twice or load.shifted:
            event["at"] = datetime.now(UTC) + timedelta(days=random.randint(-40, 12) if load.shifted else 0)
        events.append(event)
    return tenant, events


async def _send(reader, writer, ledger: Ledger, tenant: UUID, events: list[dict[str, object]]) -> None:
    loop = asyncio.get_running_loop()
    body = msgspec.json.encode({"tenant": tenant, "events": events})
    began = loop.time()
    writer.write(b"POST /events HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
    head = await reader.readuntil(b"\r\n\r\n")
    status = head[9:12].decode()
    reason = b""
    if b"chunked" in head:
        reason = await reader.readuntil(b"0\r\n\r\n")
    ledger.latencies.append(loop.time() - began)
    ledger.answers[status if status == "204" else f"{status} {reason.splitlines()[1].decode() if reason else ''}"] += 1
    if status == "204":
        ledger.acknowledged.update((tenant, id_from(str(event["id"]))) for event in events)


async def get(port: int, path: str) -> bytes:
    """One GET on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"GET %s HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n" % path.encode())
        return await reader.read()
    finally:
        writer.close()
