"""What a plugin says while it is asked: every operation once in every way, and all that is logged or printed."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from typing import Any

import httpx
import msgspec
import structlog

from frontage.base.logs import redact
from frontage.edge.gate import WITH_BODY
from frontage.edge.sources import InBody
from frontage.testing.bench import OWNER, Scene, Shop
from frontage.testing.calls import Operation, ask, operations_of
from frontage.testing.harness import BASE_URL
from frontage.testing.leaving import Leaving

LONGEST_SHOWN = 512
LONG = "tall" * 500
VISITORS = ("203.0.113.77", "198.51.100.23")
"""Whoever asks: the peer, and the visitor for whom it asks."""

Said = list[tuple[Operation, list[str]]]


async def heard(scene: Scene) -> Said:
    """Send keys and long texts in every way in which they can come, and listen to everything that is said."""
    running, shop = await scene.running(), await scene.shop(OWNER)
    transport = httpx.ASGITransport(Leaving(running.platform.front), client=(VISITORS[0], 4711))
    said: Said = []
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        for operation in operations_of(await scene.entry()):
            with _listening() as lines:
                for words in _with_keys_and_texts(operation, shop):
                    headers = {"X-Visitor-Address": VISITORS[1], **words.pop("headers", {})}
                    await ask(replace(running, client=client), operation, shop, headers=headers, **words)
            said.append((operation, lines()))
    return said


def _with_keys_and_texts(operation: Operation, shop: Shop) -> Iterator[dict[str, Any]]:
    for key in (shop.secret, shop.publishable):
        yield {}
        yield {"query": f"key={key}", "headers": {"X-API-Key": key}}
        yield from _everywhere(operation, shop, key)
    yield {"headers": {"User-Agent": LONG, "Referer": f"https://example.com/{LONG}", "Origin": f"https://{LONG}"}}
    yield from _everywhere(operation, shop, LONG)


def _everywhere(operation: Operation, shop: Shop, text: str) -> Iterator[dict[str, Any]]:
    yield {"query": "&".join(f"{name}={text}" for name in ("key", "token", *operation.queries))}
    yield {"places": dict.fromkeys(operation.places, text)}
    if operation.method in WITH_BODY:
        yield {"body": text.encode()}
        yield {"body": _body_of(operation, shop, text)}


def _body_of(operation: Operation, shop: Shop, text: str) -> bytes:
    """A right body with the text in every field that takes one, as much of it as the field takes."""
    right, schema = operation.example_body(shop.tenant.number, shop.tenant.slug), operation.body_schema
    if not isinstance(right, dict) or schema is None:
        return b"{}"
    source = operation.gate.source
    kept = {source.member} if isinstance(source, InBody) else set()
    fields = schema.get("properties", {})
    texts = {name: told for name, told in fields.items() if isinstance(right.get(name, ""), str) and name not in kept}
    return msgspec.json.encode({**right, **{name: text[: _room(told)] for name, told in texts.items()}})


def _room(schema: Any) -> int:
    bounds = [one.get("maxLength") for one in (schema, *schema.get("anyOf", ()))]
    return min((bound for bound in bounds if bound is not None), default=len(LONG))


class _Keeper(logging.Handler):
    def __init__(self, kept: list[str]) -> None:
        super().__init__(logging.INFO)
        self._kept = kept
        self.setFormatter(logging.Formatter("%(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        # The client of the test tells every address that it calls.
        if not record.name.startswith("httpx"):
            self._kept.append(self.format(record))


@contextmanager
def _listening() -> Iterator[Any]:
    """Hear events and records as the platform's formatter leaves them, and what is printed past it."""
    lines: list[str] = []
    printed = io.StringIO()
    root, keeper = logging.getLogger(), _Keeper(lines)
    level = root.level
    root.addHandler(keeper)
    root.setLevel(logging.INFO)
    try:
        with structlog.testing.capture_logs() as events, redirect_stdout(printed), redirect_stderr(printed):
            yield lambda: [*map(redact, [*lines, *map(repr, events)]), printed.getvalue()]
    finally:
        root.setLevel(level)
        root.removeHandler(keeper)
