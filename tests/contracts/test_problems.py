"""What goes wrong is told as RFC 9457 asks, in one shape, and tells nothing that is nobody's business."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from sqlalchemy import make_url
from tests.contracts.conftest import TENANTS

pytestmark = pytest.mark.asyncio(loop_scope="module")

SPILLED = "a secret that an exception tells"
CODES = [
    ("bad_request", 400, "Bad Request", False),
    ("unauthorized", 401, "Unauthorized", False),
    ("forbidden", 403, "Forbidden", False),
    ("not_found", 404, "Not Found", False),
    ("method_not_allowed", 405, "Method Not Allowed", False),
    ("conflict", 409, "Conflict", False),
    ("gone", 410, "Gone", False),
    ("precondition_failed", 412, "Precondition Failed", False),
    ("payload_too_large", 413, "Content Too Large", False),
    ("unsupported_media_type", 415, "Unsupported Media Type", False),
    ("validation_error", 422, "Unprocessable Content", False),
    ("rate_limited", 429, "Too Many Requests", True),
    ("internal_error", 500, "Internal Server Error", True),
    ("unavailable", 503, "Service Unavailable", True),
]


def assert_problem(answer, code, status, title, retryable):
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert isinstance(problem.pop("detail"), str)
    at = datetime.fromisoformat(problem.pop("timestamp"))
    assert at.utcoffset() == timedelta(0)
    problem.pop("errors", None)
    problem.pop("retry_after_seconds", None)
    assert problem == {
        "type": f"http://frontage.test/errors/{code}",
        "title": title,
        "status": status,
        "error_code": code,
        "retryable": retryable,
    }
    assert answer.text.count("+00:00") == 1


@pytest.mark.parametrize("path", ["/probe/v1/public/raise", "/probe/v1/raise"])
@pytest.mark.parametrize(("code", "status", "title", "retryable"), CODES, ids=[row[0] for row in CODES])
async def test_each_code_has_one_shape(shop, path, code, status, title, retryable):
    """The same members with the same words from a hot and an ordinary route."""
    answer = await shop.client.get(path, params={"code": code})
    assert_problem(answer, code, status, title, retryable)


ROUTERS_OWN = [
    pytest.param("GET", "/", "not_found", id="404 of the root"),
    pytest.param("GET", "/nowhere/at/all", "not_found", id="404 of no route"),
    pytest.param("GET", "/kitchen/api/v1/nothing", "not_found", id="404 under a claim"),
    pytest.param("GET", "/account/api/v1/api-keys/x/y/z", "not_found", id="404 of the account"),
    pytest.param("GET", "/%00/%ff/..%2f", "not_found", id="404 of a hostile path"),
    pytest.param("DELETE", "/account/api/v1/whoami", "method_not_allowed", id="405"),
    pytest.param("PUT", "/kitchen/api/v1/public/tastes", "method_not_allowed", id="405 of a hot route"),
    pytest.param("TRACE", "/kitchen/api/v1/public/tastes", "method_not_allowed", id="405 of a strange method"),
    pytest.param("BREW", "/account/api/v1/whoami", "method_not_allowed", id="405 of no method at all"),
]


@pytest.mark.parametrize(("method", "path", "code"), ROUTERS_OWN)
async def test_the_routers_own_refusals_are_problems_too(shop, method, path, code):
    """Also what no handler ever sees."""
    row = next(row for row in CODES if row[0] == code)
    answer = await shop.client.request(method, path)
    assert_problem(answer, *row)
    assert ("allow" in answer.headers) is (code == "method_not_allowed")


async def test_a_wrong_method_is_told_in_the_words_of_the_path(shop):
    """An ordinary path whose contract has words of its own has them for a method that no handler sees."""
    answer = await shop.client.put("/probe/v1/worded")
    assert (answer.status_code, answer.json()) == (405, {"said": "method_not_allowed"})


@pytest.mark.parametrize("path", ["/kitchen/api/v1/dishes", "/account/api/v1/api-keys"])
async def test_malformed_json_on_management_is_a_bad_request(shop, path):
    """400 for what is no JSON, 422 for JSON that does not fit."""
    headers = {"X-API-Key": await shop.key("wide", scopes=("kitchen:write", "keys:write"))}
    for content in (b"{", b"nonsense", b'{"name": NaN}', b"\xff\xfe", b'{"name": "\xff"}', b"[" * 60_000):
        answer = await shop.client.post(path, content=content, headers=headers)
        assert_problem(answer, *CODES[0])
    for content in (b"", b"null", b"[]", b"1", b"{}", b'"text"'):
        answer = await shop.client.post(path, content=content, headers=headers)
        assert answer.status_code == 422, content
        assert answer.json()["errors"]


@pytest.mark.parametrize("path", ["/probe/v1/public/raise", "/probe/v1/raise"])
async def test_what_nobody_foresaw_tells_nothing(shop, path):
    """500 without a trace, a class or a message; the log has them."""
    answer = await shop.client.get(path, params={"code": "unforeseen"})
    assert_problem(answer, "internal_error", 500, "Internal Server Error", True)
    for word in (SPILLED, "RuntimeError", "Traceback", "routes.py", "frontage_probe"):
        assert word not in answer.text


WRONG = "hunter2-wrong-value"


@pytest.mark.parametrize(
    ("method", "path", "words", "field"),
    [
        pytest.param("GET", f"/kitchen/api/v1/dishes?page={WRONG}", {}, "page", id="a query of an ordinary route"),
        pytest.param("GET", f"/kitchen/api/v1/public/menu?most={WRONG}", {}, "most", id="a query of a hot route"),
        pytest.param("GET", f"/kitchen/api/v1/public/menu?order={WRONG}", {}, "order", id="one of some words"),
        pytest.param("POST", "/kitchen/api/v1/dishes", {"json": {"name": 1, "price": WRONG}}, None, id="a body"),
        pytest.param(
            "POST",
            "/kitchen/api/v1/dishes",
            {"json": {"name": "x", "price": 1, WRONG: 1}},
            None,
            id="an unknown member",
        ),
        pytest.param(
            "POST", "/kitchen/api/v1/public/wishes", {"json": {"dish": "x", "seats": WRONG}}, "seats", id="a hot body"
        ),
        pytest.param("POST", "/account/api/v1/api-keys", {"json": {"kind": WRONG}}, "kind", id="a key's kind"),
        pytest.param(
            "POST",
            "/account/api/v1/api-keys",
            {"json": {"kind": "secret", "scopes": [WRONG]}},
            "scopes",
            id="a key's scope",
        ),
        pytest.param(
            "POST",
            "/account/api/v1/api-keys",
            {"json": {"kind": "secret", "policy": WRONG}},
            "policy",
            id="a key's policy",
        ),
        pytest.param(
            "POST",
            "/account/api/v1/api-keys",
            {"json": {"kind": "secret", "expires_at": WRONG}},
            "expires_at",
            id="an expiry",
        ),
        pytest.param(
            "POST",
            "/account/api/v1/api-keys",
            {"json": {"kind": "publishable", "allowed_origins": [WRONG]}},
            "allowed_origins[0]",
            id="an origin",
        ),
        pytest.param("GET", f"/kitchen/api/v1/dishes/{WRONG}", {}, None, id="a path"),
        pytest.param("GET", f"/{WRONG}", {}, None, id="no path of ours"),
        pytest.param(WRONG.upper(), "/kitchen/api/v1/dishes", {}, None, id="a method"),
    ],
)
async def test_the_offending_value_is_never_echoed(shop, method, path, words, field):
    """The field is named, what stood in it is not."""
    kind = "publishable" if "/public/" in path else "secret"
    scopes = ("kitchen:read", "kitchen:write", "keys:write")
    key = await shop.key("wide", kind, scopes=scopes)
    answer = await shop.client.request(method, path, headers={"X-API-Key": key}, **words)
    assert 400 <= answer.status_code < 500
    assert WRONG.lower() not in answer.text.lower()
    if field:
        assert [error["field"] for error in answer.json()["errors"]] == [field]


class Cable:
    """A relay before a real PostgreSQL that can be pulled out: a database that is away, without a mock of anything."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def plug_in(self) -> int:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        return self._server.sockets[0].getsockname()[1]

    async def pull(self) -> None:
        self._server.close()
        for writer in self._open:
            writer.transport.abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _relay(self, reader, writer):
        theirs, ours = await asyncio.open_connection(*self._target)
        self._open |= {writer, ours}
        self._tasks |= {asyncio.create_task(_copy(reader, ours)), asyncio.create_task(_copy(theirs, writer))}


async def _copy(reader, writer):
    with suppress(ConnectionError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    writer.close()


async def test_a_database_that_is_away_is_a_503_that_may_be_retried(open_shop, postgres_server, tmp_path):
    """Hot and ordinary routes say so; what needs no database goes on."""
    with postgres_server.empty_database() as url:
        direct = make_url(url)
        cable = Cable(direct.host, direct.port)
        relayed = direct.set(host="127.0.0.1", port=await cable.plug_in()).render_as_string(hide_password=False)
        try:
            async with open_shop(relayed, tmp_path, TENANTS) as shop:
                headers = {"X-API-Key": await shop.key("acme", scopes=("kitchen:read", "kitchen:write", "keys:write"))}
                assert (await shop.client.get("/kitchen/api/v1/public/menu", headers=headers)).status_code == 200
                await cable.pull()
                requests = [
                    ("GET", "/kitchen/api/v1/public/menu", None),
                    ("GET", "/kitchen/api/v1/dishes", None),
                    ("POST", "/kitchen/api/v1/dishes", {"name": "x", "price": 1}),
                    ("POST", "/account/api/v1/api-keys", {"kind": "secret"}),
                ]
                for method, path, body in requests:
                    answer = await shop.client.request(method, path, json=body, headers=headers)
                    assert_problem(answer, "unavailable", 503, "Service Unavailable", True)
                    assert int(answer.headers["retry-after"]) > 0
                    assert "ratelimit-remaining" in answer.headers
                order = await shop.client.post("/kitchen/api/v1/orders", json={"tenant_id": 7, "dish": "soup"})
                assert (order.status_code, order.json()["success"]) == (503, False)
                assert (await shop.client.get("/account/api/v1/whoami", headers=headers)).status_code == 200
                assert (await shop.client.get("/health/live")).status_code == 200
        finally:
            await cable.pull()
