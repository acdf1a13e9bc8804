"""Rules about tenants: the plugin is off where it is off, and nobody sees or touches what is another's."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from itertools import islice, product
from typing import Any
from urllib.parse import quote, unquote

import httpx
import msgspec

from frontage.base.ids import new_id, to_short
from frontage.edge.call import Call
from frontage.edge.problems import Problem
from frontage.edge.sources import InBody, InPath
from frontage.host.errors import told
from frontage.tenants.tenant import Tenant
from frontage.testing.bench import OTHER, OWNER, WITHOUT, Scene, Shop
from frontage.testing.calls import Operation, ask, credentials, operations_of
from frontage.testing.harness import Running
from frontage.testing.made_rows import MadeRow, make_rows, marks_of, stored_rows
from frontage.testing.rule import Finding, rule

_MOST_PATHS = 200
_OWN_NAMES = 3
"""A slug, an id and a number; they come first among the names of tenants."""
_IS_ID = re.compile(r"(^|_)ids?$")
"""The names under which a body or a query names a row."""
_MOMENT = re.compile(r'"timestamp":"[^"]*"')


@rule(
    "off-is-off",
    "Off for a tenant, every route gives its declared answer, and no operation writes a row.",
    reason="A shop that has not turned a plugin on must not pay for it, nor have its visitors recorded by it.",
)
async def off_is_off(scene: Scene) -> AsyncIterator[Finding]:
    """Ask every operation for the tenant that has the plugin off."""
    running, shop, tables = await scene.running(), await scene.shop(WITHOUT), await scene.tables()
    for operation in operations_of(await scene.entry()):
        before = await stored_rows(running, tables, shop.tenant)
        answer = await ask(running, operation, shop)
        if operation.finds_tenant:
            for finding in _wrong_off_answer(running, operation, shop, answer):
                yield finding
        if await stored_rows(running, tables, shop.tenant) != before:
            fix = "Write for the tenant that the gate let in; for all of them, use context.tenants_with_plugin()."
            yield Finding(f"{operation.name} writes rows for a tenant that has the plugin off.", fix)


def _wrong_off_answer(running: Running, operation: Operation, shop: Shop, answer: httpx.Response) -> Iterator[Finding]:
    try:
        status, body = _declared_answer(running, operation, shop)
    except Exception as error:  # noqa: BLE001  # it is the plugin's own function
        fix = "Let off= take the call, and give an Answer or raise a Problem."
        yield Finding(f"The off-answer of {operation.name} raises {told(error)}", fix)
        return
    if answer.status_code != status or body not in {None, answer.content}:
        found = f"{operation.name} answers {answer.status_code} where the plugin is off, not {status} as declared."
        yield Finding(found, "Find the tenant by the route's tenant= alone.")


def _declared_answer(running: Running, operation: Operation, shop: Shop) -> tuple[int, bytes | None]:
    headers = [(name.lower().encode(), text.encode()) for name, text in credentials(operation, shop).items()]
    scope: Any = {"type": "http", "method": operation.method, "path": operation.path, "query_string": b""}
    scope |= {"headers": headers, "client": None}
    call = Call(scope, running.platform.front.keeper)
    call.tenant, call.gate = shop.tenant, operation.gate
    try:
        answer = operation.gate.off(call)
    except Problem as problem:
        if operation.gate.refuse is None:
            return problem.kind.status, None
        answer = operation.gate.refuse(problem, call)
    return answer.status, answer.body


@rule(
    "tenants-apart",
    "With the keys of one tenant nobody sees, changes or deletes a row of another.",
    reason="Shops that know nothing of each other share this database.",
)
async def tenants_apart(scene: Scene) -> AsyncIterator[Finding]:
    """Ask every operation as one tenant, naming the rows of another."""
    running, owner, other = await scene.running(), await scene.shop(OWNER), await scene.shop(OTHER)
    rows = await make_rows(scene, owner.tenant)
    tables, marks = await scene.tables(), marks_of(rows)
    fix = "Take the session that is injected, or context.reading and context.writing: they keep to the tenant."
    for operation in operations_of(await scene.entry()):
        if not operation.finds_tenant:
            continue
        before = await stored_rows(running, tables, owner.tenant)
        for words in _naming(operation, rows, owner, other):
            answer = await ask(running, operation, other, **words)
            if any(mark in answer.text for mark in marks.difference(_texts(words))):
                yield Finding(f"{operation.name} shows a row of another tenant.", fix)
                break
        after = await stored_rows(running, tables, owner.tenant)
        for table in (table for table in before if before[table] != after[table]):
            yield Finding(f"{operation.name} changes or deletes another tenant's row of {table}.", fix)


@rule(
    "foreign-is-unknown",
    "An id of another tenant's row is answered exactly like an id that nobody has.",
    reason="Whoever can tell them apart can find out what other shops have.",
)
async def foreign_is_unknown(scene: Scene) -> AsyncIterator[Finding]:
    """Ask with a foreign and an unknown name of the same kind, and compare."""
    running, owner, other = await scene.running(), await scene.shop(OWNER), await scene.shop(OTHER)
    for operation in operations_of(await scene.entry()):
        if not (operation.finds_tenant and operation.places):
            continue
        rows = await make_rows(scene, owner.tenant)
        for foreign, unknown in _paths(operation, rows, owner, other):
            if foreign == unknown:
                continue
            answers = [await ask(running, operation, other, places=places) for places in (foreign, unknown)]
            one, two = map(_comparable, answers, (foreign, unknown))
            # What is the same to the letter tells nothing, whatever of it a name happens to stand in.
            if one != two and _comparable(answers[0], {}) != _comparable(answers[1], {}):
                found = f"{operation.name} answers {one} to a foreign name, {two} to an unknown one."
                yield Finding(found, "Look for the row within the tenant, and raise not_found when there is none.")
                break


def _paths(
    operation: Operation, rows: Sequence[MadeRow], owner: Shop, other: Shop
) -> Iterator[tuple[Mapping[str, str], Mapping[str, str]]]:
    """What to put in the path: combinations of names of tenants and rows, each with one that names nothing."""
    names = _tenant_names(owner.tenant, other.tenant) + [pair for row in rows for pair in row.names]
    source = operation.gate.source
    # Where the path itself says whose page it is, naming another tenant is no trespass: anybody may look at that page.
    asked = source.part if isinstance(source, InPath) else None
    choices = [names[:_OWN_NAMES] if place == asked else names for place in operation.places]
    for chosen in islice(product(*choices), _MOST_PATHS):
        foreign = {place: quote(pair[0], safe="") for place, pair in zip(operation.places, chosen, strict=True)}
        unknown = {place: quote(pair[1], safe="") for place, pair in zip(operation.places, chosen, strict=True)}
        yield foreign, unknown


def _naming(operation: Operation, rows: Sequence[MadeRow], owner: Shop, other: Shop) -> Iterator[dict[str, Any]]:
    """Requests that name the rows of another: in the path, in the query, in the body."""
    for places, _ in _paths(operation, rows, owner, other):
        yield {"places": places}
    names = [pair[0] for row in rows for pair in row.names]
    for parameter in filter(_IS_ID.search, operation.queries):
        yield from ({"query": f"{parameter}={quote(name, safe='')}"} for name in names)
    right, schema = operation.example_body(other.tenant.number, other.tenant.slug), operation.body_schema
    if isinstance(right, dict) and schema is not None and not isinstance(operation.gate.source, InBody):
        for member in filter(_IS_ID.search, schema.get("properties", {})):
            yield from ({"body": msgspec.json.encode({**right, member: name})} for name in names)


def _texts(words: Mapping[str, Any]) -> set[str]:
    """What a request itself said, which an answer may repeat."""
    if "places" in words:
        return set(words["places"].values())
    value = words["query"].partition("=")[2] if "query" in words else msgspec.json.decode(words["body"])
    return set(map(str, value.values())) if isinstance(value, dict) else {unquote(value)}


def _tenant_names(owner: Tenant, other: Tenant) -> list[tuple[str, str]]:
    # One's own name comes first and stays what it is: it leads to what lies below it.
    own = [(name, name) for name in (other.slug, other.short_id, str(other.number))]
    assert len(own) == _OWN_NAMES
    nobody = ("nowhere", to_short(new_id()), "999999")
    return own + list(zip((owner.slug, owner.short_id, str(owner.number)), nobody, strict=True))


def _comparable(answer: httpx.Response, places: Mapping[str, str]) -> tuple[int, str]:
    """What the answers to two names must have in common; the name itself may be repeated, a success may tell more."""
    if answer.is_success and answer.request.method != "GET":
        return answer.status_code, ""
    body = _MOMENT.sub("", answer.text)
    for text in places.values():
        body = body.replace(unquote(text), "…")
    return answer.status_code, body
