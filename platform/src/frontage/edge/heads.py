"""Writing the head of an answer in one go, and with it the body where that is known whole.

uvicorn looks at each header by itself, twice by a regular expression: with the ten headers of a public answer that
was a third of what such a request cost. Answers of one kind have the same names, so that what those say is kept.
"""

from collections.abc import Awaitable, Callable, Iterable
from functools import lru_cache
from typing import Any

from uvicorn.protocols.http.httptools_impl import HEADER_RE, STATUS_LINE, RequestResponseCycle

_VALUE_BYTES = bytes(code for code in range(256) if code == 0x09 or (code >= 0x20 and code != 0x7F))
_LENGTH = b"content-length"
_DECIDES_OF_CONNECTION = frozenset({b"connection", b"transfer-encoding"})

Header = tuple[bytes, bytes]


class QuickCycle(RequestResponseCycle):
    """uvicorn's cycle of request and answer; a head with anything out of the ordinary is left to that."""

    async def send(self, message: Any) -> None:
        """Send a part of the answer."""
        if message["type"] == "http.response.start" and self._is_plain():
            head = self._write_head(message["status"], message.get("headers", ()))
            if head is not None:
                self.response_started = True
                self.waiting_for_100_continue = False
                self.transport.write(head)
                return
        await RequestResponseCycle.send(self, message)

    def send_whole(self, status: int, headers: Iterable[Header], body: bytes) -> bool:
        """Send an answer in one write, or leave it to `send` and say so: each write is a call of the kernel's."""
        plain = self._is_plain() and self.scope["method"] != "HEAD"
        head = self._write_head(status, headers) if plain else None
        if head is None or self.expected_content_length != len(body):
            return False
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        self.expected_content_length = 0
        self.transport.write(head + body)
        self.message_event.set()
        self.on_response()
        return True

    def _is_plain(self) -> bool:
        return self.keep_alive and not (self.response_started or self.disconnected or self.flow.write_paused)

    def _write_head(self, status: int, given: Iterable[Header]) -> bytes | None:
        names, values = zip(*self.default_headers, *given, strict=True)
        layout = _layout(names)
        if layout is None:
            return None
        template, length_at, breaks = layout
        lines: bytes = template % values
        if lines.translate(None, _VALUE_BYTES) != breaks:
            return None  # a line break in a value would begin a header of its own: uvicorn refuses it aloud
        if length_at is not None:
            self.expected_content_length = int(values[length_at])
            self.chunked_encoding = False
        elif status not in {204, 304}:
            return None
        return STATUS_LINE[status] + lines


async def send_whole(
    send: Callable[[Any], Awaitable[None]], status: int, headers: Iterable[Header], body: bytes
) -> None:
    """Send an answer that is known whole: in one go where the server is ours."""
    cycle = getattr(send, "__self__", None)
    if isinstance(cycle, QuickCycle) and cycle.send_whole(status, headers, body):
        return
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@lru_cache(maxsize=256)
def _layout(names: tuple[bytes, ...]) -> tuple[bytes, int | None, bytes] | None:
    """The lines of these headers with a place for each value, where the length stands, and all their line breaks."""
    if any(HEADER_RE.search(name) or name != name.lower() or name in _DECIDES_OF_CONNECTION for name in names):
        return None
    if names.count(_LENGTH) > 1:
        return None
    template = b"".join(name.replace(b"%", b"%%") + b": %b\r\n" for name in names) + b"\r\n"
    return template, names.index(_LENGTH) if _LENGTH in names else None, b"\r\n" * (len(names) + 1)
