"""Every operation of the assembled application by who asks by what is named, and what must never come of it.

Operations come from the OpenAPI document, rows from the tables: a new plugin is in here by being installed.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice, product
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, unquote

import httpx
import msgspec
from tests.isolation.credentials import CREDENTIALS, OPEN, KeyRing, refusal_of, scope_of
from tests.isolation.shops import ACTOR, STRANGER, VICTIM
from tests.isolation.stored import Stored
from tests.isolation.straight import send
from tests.isolation.things import Belongings, Things

from frontage.edge.sources import InBody
from frontage.host.roster import Entry
from frontage.testing.calls import Operation, example_text
from frontage.testing.harness import Running

MALFORMED = ("x", "z" * 22, "-1", "9" * 40, "%00", "%FF", "..%2F..", "%E2%82%AC", "x" * 300)
_MOMENT = re.compile(r'"timestamp":"[^"]*"')
_PLACE = re.compile(r"\{([^{}]+)\}")
_PAIRED = 4
"""Names of which every combination is tried where a path has several places."""
Places = dict[str, str]
"""What stands in a path, quoted, by the name of the place."""


def operations_of(document: Mapping[str, Any]) -> list[Operation]:
    """Every operation of a document; one without a tenant scope is an error."""
    found = []
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            scope = scope_of(told)
            source = InBody(scope["member"]) if scope["source"] == "body" else None
            gate: Any = SimpleNamespace(source=source)
            found.append(Operation(method.upper(), path, gate, told, document["components"]["schemas"]))
    return found


def places_of(operation: Operation) -> list[str]:
    """The places of a path that name a thing; where one names the shop itself, that is another matter."""
    return [place for place in operation.places if place != scope_of(operation.told).get("part")]


@dataclass
class Matrix:
    """The matrix on one running platform."""

    running: Running
    faults: list[str] = field(default_factory=list)
    cells: int = 0

    def __post_init__(self) -> None:
        self.keys = KeyRing()
        self.operations = operations_of(self.running.platform.document)
        self._belongings = Belongings(self.running)

    async def play(self) -> None:
        """Ask everything; what is wrong stands in `faults` afterwards."""
        await self.keys.fill(self.running)
        victim = self.running.tenant(VICTIM).id
        stored = Stored(self.running.database, await self._belongings.tables(), victim)
        for operation in self.operations:
            entry = self._entry(operation)
            victims, own = await self._belongings.of(VICTIM, entry), await self._belongings.of(ACTOR, entry)
            before = await stored.look()
            await self._ask(operation, own, victims)
            changed = {table for table, _ in set(before) ^ set(await stored.look())}
            if changed:
                self.faults.append(f"{operation.name} changes rows of another tenant in {', '.join(sorted(changed))}")
            if operation.method != "GET":
                self._belongings.may_be_gone(entry)

    async def _ask(self, operation: Operation, own: Things, victims: Things) -> None:
        for credential in CREDENTIALS:
            refusal = refusal_of(scope_of(operation.told), credential)
            if refusal is None:
                await self._passes(operation, credential, victims)
            else:
                await self._refused(operation, credential, refusal, own, victims)
        if _names_a_thing(operation) and not await self._reaches(operation, own):
            self.faults.append(f"{operation.name} tells no id of its own from an unknown one: nothing was proved")
        for text in MALFORMED if places_of(operation) else ():
            answer = await self._send(operation, "own", dict.fromkeys(operation.places, text))
            if answer.status_code >= 500:
                self.faults.append(f"{operation.name} answers {answer.status_code} to the id {text[:20]}")

    async def _passes(self, operation: Operation, credential: str, victims: Things) -> None:
        """Whoever may pass sees nothing of the victim, and no difference between its ids and unknown ones."""
        if not places_of(operation):
            self._shows_nothing(operation, await self._send(operation, credential), victims.marks)
        # Whose key it is makes no other path through the code: one asks by every name, the others by some of each.
        for foreign, unknown in islice(_places(operation, victims), 0, None, 1 if credential == "own" else 8):
            one = await self._send(operation, credential, foreign)
            two = await self._send(operation, credential, unknown)
            self._shows_nothing(operation, one, victims.marks - set(map(unquote, foreign.values())))
            if _comparable(operation, one, foreign) != _comparable(operation, two, unknown):
                told = f"{_comparable(operation, one, foreign)} to a foreign id, {two.status_code} to an unknown one"
                self.faults.append(f"{operation.name} as {credential}: {told}")

    async def _refused(self, operation: Operation, credential: str, status: int, own: Things, victims: Things) -> None:
        """Whoever may not pass gets the same answer to every id."""
        names = [own.names[0][0], *victims.names[0], "x"] if operation.places else ["x"]
        seen = set()
        for name in names:
            places = dict.fromkeys(operation.places, quote(name, safe=""))
            seen.add(_comparable(operation, await self._send(operation, credential, places), places))
        if len(seen) > 1 or {code for code, _ in seen} != {status}:
            self.faults.append(f"{operation.name} answers {sorted(seen)} to {credential}, not {status} alike to all")

    async def _reaches(self, operation: Operation, own: Things) -> bool:
        for places, unknown in _places(operation, own):
            one, two = await self._send(operation, "own", places), await self._send(operation, "own", unknown)
            if _comparable(operation, one, places) != _comparable(operation, two, unknown):
                return True
        return False

    def _shows_nothing(self, operation: Operation, answer: httpx.Response, marks: set[str] | frozenset[str]) -> None:
        shown = [mark for mark in marks if mark in answer.text]
        if shown:
            self.faults.append(f"{operation.name} shows {shown[:3]} of another tenant")

    async def _send(self, operation: Operation, credential: str, places: Places | None = None) -> httpx.Response:
        self.cells += 1
        scope = scope_of(operation.told)
        asker = self.running.tenant(STRANGER if credential == "other" else ACTOR)
        told = {**(places or {}), scope.get("part", ""): asker.slug}
        path = _PLACE.sub(lambda found: told.get(found[1], "x"), operation.path)
        needed = {name: one for name, one in operation.queries.items() if one.get("required")}
        query = "&".join(f"{name}={example_text(operation, one)}" for name, one in needed.items())
        right = operation.example_body(asker.number, asker.slug)
        body = b"" if right is None else msgspec.json.encode(right)
        headers = self.keys.header(scope["source"], credential)
        if body:
            headers += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        target = f"{path}?{query}" if query else path
        answer = await send(self.running.platform.front, operation.method, target, headers, [body])
        assert answer is not None, operation.name
        return answer

    def _entry(self, operation: Operation) -> Entry | None:
        serving = self.running.platform.services.roster.serving
        return next((entry for entry in serving if operation.path in entry.document["paths"]), None)


def _places(operation: Operation, things: Things) -> Iterator[tuple[Places, Places]]:
    """Names of things, each with one of the same kind that names nothing; alike in every place of the path."""
    wanted = places_of(operation)
    for known, unknown in things.names if wanted else ():
        yield dict.fromkeys(wanted, quote(known, safe="")), dict.fromkeys(wanted, quote(unknown, safe=""))
    for chosen in product(things.names[:_PAIRED], repeat=len(wanted)) if len(wanted) > 1 else ():
        known, unknown = ([quote(pair[at], safe="") for pair in chosen] for at in (0, 1))
        yield dict(zip(wanted, known, strict=True)), dict(zip(wanted, unknown, strict=True))


def _names_a_thing(operation: Operation) -> bool:
    """Whether a path reads something of a tenant's, not one of a few words, and not what belongs to everybody."""
    if operation.method != "GET" or scope_of(operation.told)["source"] in OPEN:
        return False
    places = [one["schema"] for one in operation.told.get("parameters", ()) if one["in"] == "path"]
    return bool(places) and not any("enum" in schema or "$ref" in schema for schema in places)


def _comparable(operation: Operation, answer: httpx.Response, places: Places) -> tuple[int, str]:
    """What answers to two names must have in common, but for the moment and the name itself."""
    if answer.is_success and operation.method != "GET":
        return answer.status_code, ""
    body = _MOMENT.sub("", answer.text)
    for text in places.values():
        body = re.sub(rf"(?<!\w){re.escape(unquote(text))}(?!\w)", "…", body)
    return answer.status_code, body
