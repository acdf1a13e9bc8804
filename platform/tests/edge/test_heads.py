"""The quick way to write a head: byte for byte what uvicorn writes, and what uvicorn refuses is refused."""

import asyncio

import pytest
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from frontage.edge.heads import QuickCycle, send_whole

DATE = (b"date", b"Sat, 21 Nov 2026 09:21:55 GMT")
LENGTH = (b"content-length", b"2")
MANY = [(b"vary", b"Origin"), (b"x-%d", b"100%"), (b"x-bytes", bytes(range(0x80, 0x100)) + b"\t"), (b"x-empty", b"")]


class Wire:
    """What would be sent."""

    def __init__(self):
        self.sent = b""
        self.closed = False

    def write(self, data):
        self.sent += data

    def close(self):
        self.closed = True


class Flow:
    write_paused = False


async def in_two(send, status, headers, body):
    """As ASGI has it."""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def answer(kind, status, headers, body, *, method="GET", keep_alive=True, sending=in_two):
    """What a cycle of this kind sends, whether it closes the line, and the error that it raises."""
    wire, finished = Wire(), []
    cycle = kind(
        scope={"method": method},
        transport=wire,
        flow=Flow(),
        logger=None,
        access_logger=None,
        access_log=False,
        default_headers=[DATE],
        message_event=asyncio.Event(),
        expect_100_continue=False,
        keep_alive=keep_alive,
        on_response=lambda: finished.append(True),
    )

    try:
        asyncio.run(sending(cycle.send, status, headers, body))
    except RuntimeError as error:
        return wire.sent, wire.closed, finished, str(error)
    return wire.sent, wire.closed, finished, None


HEADS = {
    "no content": (204, MANY, b""),
    "content": (200, [*MANY, LENGTH], b"ok"),
    "no headers": (204, [], b""),
    "not modified": (304, [], b""),
    "without a length": (200, MANY, b"ok"),
    "chunked": (200, [(b"transfer-encoding", b"chunked")], b"ok"),
    "closing": (200, [LENGTH, (b"connection", b"close")], b"ok"),
    "upper case": (200, [(b"Content-Length", b"2"), (b"X-Name", b"value")], b"ok"),
    "two lengths": (200, [(b"content-length", b"3"), LENGTH], b"ok"),
    "too long": (200, [LENGTH], b"too long"),
    "too short": (200, [LENGTH], b"."),
    "line break in a value": (200, [LENGTH, (b"x-name", b"a\r\nset-cookie: b")], b"ok"),
    "control character in a value": (204, [(b"x-name", b"a\x00")], b""),
    "deletion in a value": (204, [(b"x-name", b"a\x7f")], b""),
    "line break in a name": (204, [(b"x\r\nname", b"a")], b""),
    "empty list of headers as a tuple": (204, (), b""),
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS.keys())
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("keep_alive", [True, False], ids=["kept alive", "last"])
@pytest.mark.parametrize("sending", [in_two, send_whole], ids=["in two", "whole"])
def test_a_head_is_that_of_uvicorn(head, method, keep_alive, sending):
    """Whatever is answered: the same bytes, the same end of the line, the same refusal as uvicorn's own cycle."""
    told = {"method": method, "keep_alive": keep_alive}
    assert answer(QuickCycle, *head, **told, sending=sending) == answer(RequestResponseCycle, *head, **told)


def test_a_whole_answer_is_one_write(monkeypatch):
    """Head and body of an answer that is known whole reach the kernel together."""
    writes = []
    monkeypatch.setattr(Wire, "write", lambda _self, data: writes.append(data))
    answer(QuickCycle, *HEADS["content"], sending=send_whole)
    assert len(writes) == 1


def test_a_plain_head_takes_the_quick_way(monkeypatch):
    """An ordinary answer is not left to uvicorn; otherwise all of this would be for nothing."""

    async def refuse(_self, message):
        assert message["type"] == "http.response.body"

    monkeypatch.setattr(RequestResponseCycle, "send", refuse)
    sent, *_ = answer(QuickCycle, *HEADS["no content"])
    assert sent.startswith(b"HTTP/1.1 204 No Content\r\n")
