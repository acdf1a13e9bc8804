"""Asking a route whose answer has no end: take what it says first, and leave."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

_ENDLESS = b"text/event-stream"
App = Callable[[Any, Any, Any], Awaitable[None]]


class Leaving:
    """An ASGI application whose clients leave after the first piece of an answer that goes on for ever."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass a request on."""
        await self._app(scope, *_Visit(receive, send).ways())


class _Visit:
    def __init__(self, receive: Any, send: Any) -> None:
        self._receive = receive
        self._send = send
        self._is_endless = False
        self._left = asyncio.Event()

    def ways(self) -> tuple[Any, Any]:
        return self._hear, self._tell

    async def _hear(self) -> Any:
        if not self._is_endless:
            return await self._receive()
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _tell(self, message: Any) -> None:
        if self._left.is_set():
            return
        if message["type"] == "http.response.start":
            told = dict(message["headers"]).get(b"content-type", b"")
            self._is_endless = told.startswith(_ENDLESS)
        elif self._is_endless and (message.get("body") or not message.get("more_body")):
            message = {**message, "more_body": False}
            self._left.set()
        await self._send(message)
