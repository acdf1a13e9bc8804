"""What a plugin's reports say, asked for as a shop's own server asks: over its public routes, with a secret key.

The key stays on this side; a page gets the few numbers that a showcase names.
"""

import asyncio
from collections.abc import Mapping
from time import monotonic
from typing import Any

import msgspec
from msgspec import Struct

from frontage.cli.demo.keys import DemoKeys
from frontage.edge.front import App
from frontage.plugin.showcase import Course, Figure, Showcase

FRESH_SECONDS = 1.0
"""How long an answer serves all pages that ask; it keeps many open tabs within the key's limit."""


class Told(Struct, frozen=True):
    """A number by its label; null where the report could not be had."""

    label: str
    value: float | int | None


class Point(Struct, frozen=True):
    """A number at a time."""

    at: str
    value: float | int


class Numbers(Struct, frozen=True):
    """What a showcase tells."""

    figures: list[Told]
    course: list[Point]


class Counts:
    """Asks the platform behind `app` for what showcases tell."""

    def __init__(self, app: App, host: str) -> None:
        self._app = app
        self._host = host.encode()
        self._kept: dict[str, tuple[float, asyncio.Task[Any]]] = {}

    async def read(self, showcase: Showcase, keys: DemoKeys) -> Numbers:
        """The numbers of a tenant."""
        wanted: list[Figure | Course] = [*showcase.figures, *([showcase.course] if showcase.course else [])]
        paths = list(dict.fromkeys(one.report.replace("{tenant}", keys.tenant) for one in wanted))
        answers = dict(zip(paths, await asyncio.gather(*[self._ask(path, keys) for path in paths]), strict=True))

        def answer_of(one: Figure | Course) -> Any:
            return answers[one.report.replace("{tenant}", keys.tenant)]

        figures = [Told(one.label, _number(answer_of(one), one.member)) for one in showcase.figures]
        course = showcase.course
        return Numbers(figures, _points(answer_of(course), course) if course else [])

    async def _ask(self, path: str, keys: DemoKeys) -> Any:
        name = f"{keys.tenant} {path}"
        since, task = self._kept.get(name, (0.0, None))
        if task is None or monotonic() - since > FRESH_SECONDS:
            task = asyncio.create_task(self._answer(path, keys.secret))
            self._kept[name] = (monotonic(), task)
        # Several pages may wait for one answer; one that goes away takes it from nobody.
        return await asyncio.shield(task)

    async def _answer(self, path: str, secret: str) -> Any:
        bare, _, query = path.partition("?")
        parts: list[dict[str, Any]] = []
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
            "path": bare, "raw_path": bare.encode(), "root_path": "", "query_string": query.encode(), "state": {},
            "headers": [(b"host", self._host), (b"x-api-key", secret.encode())], "client": None, "server": None,
        }  # fmt: skip

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            parts.append(message)

        await self._app(scope, receive, send)
        if parts[0]["status"] != 200:
            return None
        return msgspec.json.decode(b"".join(part.get("body", b"") for part in parts))


def _points(answer: Any, course: Course) -> list[Point]:
    listed = _member(answer, course.points)
    points = [(_member(one, course.at), _number(one, course.value)) for one in listed or ()]
    return [Point(str(at), value) for at, value in points if value is not None]


def _number(answer: Any, member: str) -> float | int | None:
    found = _member(answer, member)
    return found if isinstance(found, int | float) else None


def _member(answer: Any, member: str) -> Any:
    for name in member.split("."):
        answer = answer.get(name) if isinstance(answer, Mapping) else None
    return answer
