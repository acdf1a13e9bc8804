"""An answer without end does not hold up a test that asks for it in process."""

import asyncio

import httpx
import pytest

from frontage.testing.harness import BASE_URL
from frontage.testing.leaving import Leaving


def telling(kind: bytes, *pieces: bytes, endless: bool):
    """An application whose answer has these pieces, and perhaps no end; and what came of it."""
    gone = asyncio.Event()

    async def app(_scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        if not endless:
            await send({"type": "http.response.body", "body": b""})
        while (await receive())["type"] != "http.disconnect":
            pass
        gone.set()

    return app, gone


@pytest.mark.parametrize(
    ("kind", "pieces", "endless", "told"),
    [
        pytest.param(b"text/event-stream", (b"", b"one", b"two"), True, b"one", id="without end"),
        pytest.param(b"text/event-stream; charset=utf-8", (b"one",), False, b"one", id="that ends by itself"),
        pytest.param(b"text/event-stream", (), False, b"", id="that says nothing"),
        pytest.param(b"text/csv", (b"one", b"two"), False, b"onetwo", id="a file"),
    ],
)
async def test_the_first_piece_is_taken_and_the_client_leaves(kind, pieces, endless, told):
    """Of an endless answer one piece; of any other all of it. The application hears that nobody is there any more."""
    app, gone = telling(kind, *pieces, endless=endless)
    async with (
        asyncio.timeout(20),
        httpx.AsyncClient(transport=httpx.ASGITransport(Leaving(app)), base_url=BASE_URL) as client,
    ):
        assert (await client.get("/")).content == told
    assert gone.is_set()
