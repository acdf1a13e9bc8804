"""Requests straight into an application, byte for byte: no client in between that mends or refuses what is sent."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import unquote

import httpx

from frontage.testing.leaving import Leaving

HOST = b"frontage.test"


def scope_of_request(method: str, target: str, headers: Iterable[tuple[bytes, bytes]]) -> dict[str, Any]:
    """What a server makes of a request's head."""
    path, _, query = target.partition("?")
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": unquote(path), "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [(b"host", HOST), *headers], "client": ("127.0.0.1", 4711), "server": (HOST.decode(), 80),
    }  # fmt: skip


async def send(
    app: Any,
    method: str,
    target: str,
    headers: Iterable[tuple[bytes, bytes]] = (),
    pieces: Sequence[bytes] = (b"",),
    *,
    leaves: bool = False,
) -> httpx.Response | None:
    """Send a body in pieces; who `leaves` is gone before the last one. None when nothing came back.

    Of an answer without end the first piece is taken.
    """
    arriving: list[dict[str, Any]] = [
        {"type": "http.request", "body": piece, "more_body": at < len(pieces) - 1} for at, piece in enumerate(pieces)
    ]
    if leaves:
        arriving[-1] = {"type": "http.disconnect"}
    said: list[Any] = []
    answered = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if not arriving:
            await answered.wait()
        return arriving.pop(0) if arriving else {"type": "http.disconnect"}

    async def hear(message: Any) -> None:
        said.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            answered.set()

    await Leaving(app)(scope_of_request(method, target, headers), receive, hear)
    if not said:
        return None
    told = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in said[0]["headers"]]
    content = b"".join(message.get("body", b"") for message in said[1:])
    return httpx.Response(said[0]["status"], headers=told, content=content)
