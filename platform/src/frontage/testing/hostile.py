"""What nobody should send, and what a plugin answers: every operation is asked once with all of it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

from frontage.edge.gate import WITH_BODY
from frontage.testing.bench import OWNER, Scene, Shop
from frontage.testing.calls import Operation, ask, example_text, operations_of

_DEEP = 100_000
_BODIES = {
    "no body": b"",
    "half a body": b'{"',
    "null": b"null",
    "a list": b"[]",
    "a list of null": b"[null]",
    "a text": b'"x"',
    "a number": b"-1e9999",
    "NaN": b'{"x": NaN}',
    "a deep list": b"[" * _DEEP,
    "a deep object": b'{"x":' * _DEEP,
    "invalid UTF-8": b'{"x": "\xff\xfe"}',
    "a lone surrogate": b'{"x": "\\ud800"}',
    "NUL characters": b'{"x\x00": "\\u0000"}',
    "a mark of byte order": b"\xef\xbb\xbf{}",
    "a form": b"a=1&b[c]=%ff&=&&",
    "half a part": b"--x\r\nContent-Disposition: form-data",
}
_VALUES = {
    "null": b"null",
    "nothing": b'""',
    "a blank": b'" "',
    "NUL": b'"\\u0000"',
    "a lone surrogate": b'"\\ud800"',
    "a letter": b'"x"',
    "digits of other scripts": '"٣²"'.encode(),
    "a long text": b'"' + b"x" * 20_000 + b'"',
    "true": b"true",
    "a negative number": b"-1",
    "zero": b"0",
    "a fraction": b"0.5",
    "63 bits": b"9223372036854775807",
    "100 bits": b"1267650600228229401496703205376",
    "infinity": b"1e400",
    "a list": b"[]",
    "a deep list": b"[" * 40 + b"]" * 40,
    "an object": b"{}",
    "an object with an operator": b'{"$gt": ""}',
}
_TEXTS = (
    "", "%00", "%FF", "%ED%A0%80", "%20", "x", "'", "-1", "0", "0.5", "nan", "inf", "1e400", "null", "[]", "%D9%A3",
    "9223372036854775807", "1267650600228229401496703205376", "9" * 5000, "z" * 22, "2" * 22,
    "00000000-0000-0000-0000-000000000000", "..%2F..", "x" * 3000,
)  # fmt: skip
_HEADERS = (
    {"Content-Encoding": "gzip"},
    {"Content-Type": "multipart/form-data"},
    {"Content-Type": "\xff; charset=\xff"},
    {"X-API-Key": "csb_\xff"},
    {"Origin": "null"},
    {"X-Visitor-Address": "\xff"},
    {"X-Forwarded-For": ", ,:::"},
)


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was sent to an operation, and what came of it."""

    operation: Operation
    told: str
    answer: httpx.Response | None
    raised: str = ""
    """What escaped the application, which is worse than a 500."""


async def attacked(scene: Scene) -> list[Exchange]:
    """Send each route what is right, and then what nobody should send."""
    running, shop = await scene.running(), await scene.shop(OWNER)
    exchanges = []
    for operation in operations_of(await scene.entry()):
        for told, words in [("a right request", {}), *_hostile(operation, shop)]:
            try:
                exchanges.append(Exchange(operation, told, await ask(running, operation, shop, **words)))
            except Exception as error:  # noqa: BLE001  # whatever a plugin's code lets through
                exchanges.append(Exchange(operation, told, None, type(error).__name__))
    return exchanges


def _hostile(operation: Operation, shop: Shop) -> Iterator[tuple[str, dict[str, Any]]]:
    for headers in _HEADERS:
        raw = {name: text.encode("latin-1") for name, text in headers.items()}
        yield f"the header {json.dumps(headers)}", {"headers": raw}
    for place in operation.places:
        for text in _TEXTS:
            if text:
                yield f"{_shown(text)} for {place} in its path", {"places": {place: text}}
    for told, query in _queries(operation):
        yield told, {"query": query}
    if operation.method in WITH_BODY:
        for told, body in _bodies(operation, shop):
            yield told, {"body": body}


def _queries(operation: Operation) -> Iterator[tuple[str, str]]:
    right = {name: example_text(operation, one) for name, one in operation.queries.items()}
    for name in right:
        for text in _TEXTS:
            words = "&".join(f"{other}={text if other == name else one}" for other, one in right.items())
            yield f"{_shown(text)} for {name} in its query", words
    for text in ("&&==&%&%FF=%FF", "x=" * 2000, "&".join(f"{name}=1&{name}=2" for name in right)):
        yield f"the query {_shown(text)}", text


def _bodies(operation: Operation, shop: Shop) -> Iterator[tuple[str, bytes]]:
    yield from _BODIES.items()
    right, schema = operation.example_body(shop.tenant.number, shop.tenant.slug), operation.body_schema
    if not isinstance(right, dict) or schema is None:
        return
    for name in {**schema.get("properties", {}), **right}:
        for told, value in _VALUES.items():
            yield f"{told} for {name} in its body", msgspec.json.encode({**right, name: msgspec.Raw(value)})


def _shown(text: str) -> str:
    return repr(text) if len(text) <= 40 else f"{text[:20]!r}… ({len(text)} characters)"
