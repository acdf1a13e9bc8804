"""Sending hostile bodies to every route that takes one from a page, and looking at what comes back."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

import httpx
import msgspec
from tests.isolation.credentials import OPEN, PAGES, KeyRing
from tests.isolation.matrix import operations_of
from tests.isolation.shops import ACTOR
from tests.isolation.straight import send
from tests.security.bodies import hostile_bodies, in_pieces

from frontage.testing.answers import Described
from frontage.testing.calls import Operation
from frontage.testing.harness import Running

TYPES = (b"application/json", b"text/plain;charset=UTF-8", b"application/x-www-form-urlencoded", b"\xff/\xff", b"")


@dataclass(frozen=True, slots=True)
class Sent:
    """One body on its way: the pieces that arrive, and whether the sender goes away before the last."""

    body: bytes
    pieces: list[bytes]
    is_cut: bool
    type_: bytes
    length_told: bool


@dataclass
class Fuzzer:
    """Every ingest route of a running platform, under fire."""

    running: Running
    seed: int
    faults: list[str] = field(default_factory=list)
    sent: int = 0
    statuses: dict[str, set[int]] = field(default_factory=dict)
    """What each route answered."""

    def __post_init__(self) -> None:
        self._keys = KeyRing()
        self.routes = [one for one in operations_of(self.running.platform.document) if _takes_a_pages_body(one)]

    async def play(self, rounds: int) -> None:
        """Send so many bodies to each route; what is wrong stands in `faults` afterwards."""
        await self._keys.fill(self.running)
        described = Described(self.running.platform.document)
        for route in self.routes:
            for sent in islice(self._all(route), rounds):
                await self._judge(described, route, sent)

    def _all(self, route: Operation) -> Iterable[Sent]:
        shop = self.running.tenant(ACTOR)
        right = msgspec.json.encode(route.example_body(shop.number, shop.slug))
        chance = random.Random(f"{self.seed} {route.name}")
        yield Sent(right, [right], is_cut=False, type_=TYPES[0], length_told=True)
        for body in hostile_bodies(right, f"{self.seed} {route.name}"):
            is_cut, length_told = chance.random() < 0.05, chance.random() < 0.5
            yield Sent(body, in_pieces(body, chance), is_cut, chance.choice(TYPES), length_told)

    async def _judge(self, described: Described, route: Operation, sent: Sent) -> None:
        self.sent += 1
        shown = f"{route.name} with {sent.body[:60]!r} ({len(sent.body)} bytes, seed {self.seed}, number {self.sent})"
        try:
            answer = await self._send(route, sent)
        except Exception as error:  # noqa: BLE001  # whatever escapes is a fault
            self.faults.append(f"{shown}: raises {type(error).__name__}: {error}")
            return
        if answer is None:
            if not sent.is_cut:
                self.faults.append(f"{shown}: no answer")
            return
        self.statuses.setdefault(route.name, set()).add(answer.status_code)
        wrong = described.wrong_in(route.told, answer)
        if answer.status_code >= 500 or wrong:
            self.faults.append(f"{shown}: {answer.status_code} {wrong}")

    async def _send(self, route: Operation, sent: Sent) -> httpx.Response | None:
        headers = [(b"content-type", sent.type_), *self._keys.header(route.told["x-tenant-scope"]["source"], "own")]
        if sent.length_told:
            headers.append((b"content-length", b"%d" % len(sent.body)))
        app = self.running.platform.front
        return await send(app, route.method, route.path, headers, sent.pieces, leaves=sent.is_cut)


def _takes_a_pages_body(operation: Operation) -> bool:
    source = operation.told["x-tenant-scope"]["source"]
    return operation.method == "POST" and operation.body_schema is not None and source in OPEN | PAGES
