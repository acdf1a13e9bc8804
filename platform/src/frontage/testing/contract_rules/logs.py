"""The rule about logs."""

import io
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any

import msgspec
import structlog

from frontage.base.logs import redact
from frontage.edge.gate import WITH_BODY
from frontage.edge.sources import InBody
from frontage.testing.bench import OWNER, Scene, Shop
from frontage.testing.calls import Operation, ask, operations_of
from frontage.testing.rule import Finding, rule


@rule(
    "logs-hide-keys",
    "Nothing that it logs or prints holds a whole key.",
    reason="Logs are copied, sent and kept in places where no key may be; twelve characters are enough to find it.",
)
async def logs_hide_keys(scene: Scene) -> AsyncIterator[Finding]:
    """Send keys in every way in which they can come, and listen to everything that is said."""
    running, shop = await scene.running(), await scene.shop(OWNER)
    # The part between prefix and checksum is the secret, however it is cut out.
    bodies = [key.split("_")[1] for key in (shop.secret, shop.publishable)]
    for operation in operations_of(await scene.entry()):
        with _listening() as heard:
            for words in _with_keys(operation, shop):
                await ask(running, operation, shop, **words)
        if any(body in line for line in heard() for body in bodies):
            fix = "Log key.prefix, or the first twelve characters."
            yield Finding(f"{operation.name} logs or prints a whole key.", fix)


def _with_keys(operation: Operation, shop: Shop) -> Iterator[dict[str, Any]]:
    for key in (shop.secret, shop.publishable):
        yield {}
        yield {"query": f"key={key}", "headers": {"X-API-Key": key}}
        yield {"query": "&".join(f"{name}={key}" for name in ("key", "token", *operation.queries))}
        yield {"places": dict.fromkeys(operation.places, key)}
        if operation.method in WITH_BODY:
            yield {"body": key.encode()}
            yield {"body": _body_of_keys(operation, shop, key)}


def _body_of_keys(operation: Operation, shop: Shop, key: str) -> bytes:
    right, schema = operation.example_body(shop.tenant.number, shop.tenant.slug), operation.body_schema
    if not isinstance(right, dict) or schema is None:
        return b"{}"
    source = operation.gate.source
    kept = {source.member} if isinstance(source, InBody) else set()
    texts = [name for name, value in schema.get("properties", {}).items() if isinstance(right.get(name, ""), str)]
    return msgspec.json.encode({**right, **{name: key for name in texts if name not in kept}})


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
