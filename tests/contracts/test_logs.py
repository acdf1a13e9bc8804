"""What the log lines of requests may hold: ids and prefixes, never a key, an address or a query."""

import json

import pytest

from frontage.tenants.policy import parse_windows

pytestmark = pytest.mark.asyncio(loop_scope="module")

ADDRESSES = ("203.0.113.77", "2001:db8:77:77:1:2:3:4")
VISITOR = "198.51.100.77"
QUERY = "canary-query-42.1234567"
# Also what the probe's unforeseen error tells: the formatter cuts keys wherever they come from.
GUESS = "csb_AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEf_84041098"


REQUESTS = [
    ("GET", "/account/api/v1/whoami", {}),
    ("GET", "/account/api/v1/nowhere", {}),
    ("DELETE", "/account/api/v1/whoami", {}),
    ("GET", "/kitchen/api/v1/public/menu", {}),
    ("GET", "/kitchen/api/v1/public/menu?most=0", {}),
    ("GET", "/probe/v1/public/raise?code=unforeseen", {}),
    ("GET", "/probe/v1/raise?code=unforeseen", {}),
    ("GET", "/probe/v1/raise?code=unavailable", {}),
    ("GET", "/kitchen/api/v1/dishes?page=0", {}),
    ("POST", "/kitchen/api/v1/dishes", {"json": {"name": "x"}}),
    ("POST", "/account/api/v1/api-keys", {"json": {"kind": "secret", "name": "logged"}}),
    ("POST", "/account/api/v1/api-keys", {"json": {"kind": "publishable", "name": "logged"}}),
    ("POST", "/kitchen/api/v1/bell", {"json": {"dish": "x"}}),
    ("POST", "/probe/v1/events", {"json": {"tenant_id": "wide"}}),
]


async def test_no_log_line_holds_a_key_an_address_or_a_query(shop, lines):
    """Whatever a request asks for and however it ends: served, refused, limited, failed."""
    scopes = ("keys:write", "kitchen:read", "kitchen:write", "kitchen:order")
    keys = [await shop.key("wide", kind, scopes=scopes) for kind in ("secret", "publishable")]
    keys.append(await shop.key("acme", windows=parse_windows("1;w=60")))
    texts = [*keys, GUESS]
    for key in [*keys, GUESS, GUESS[:-1]]:
        for method, path, words in REQUESTS:
            for address in ADDRESSES:
                headers = {"X-API-Key": key, "X-Forwarded-For": address, "X-Visitor-Address": VISITOR, "Cookie": QUERY}
                separator = "&" if "?" in path else "?"
                url = f"{path}{separator}key={key}&token={key}&lat={QUERY}"
                answer = await shop.client.request(method, url, headers=headers, **words)
                if answer.status_code == 201 and answer.json().get("key"):
                    texts.append(answer.json()["key"])
    written = lines.getvalue()
    assert written.count('"event": "request"') > 50
    assert f"RuntimeError: a secret that an exception tells: {GUESS[:12]}" in written, (
        "failures are logged with their trace"
    )
    for text in texts:
        assert text not in written
        assert text[:13] not in written
        assert text[4:36] not in written
    for canary in (*ADDRESSES, VISITOR, "2001:db8:77:77", QUERY, "canary-query", "token=", "?"):
        assert canary not in "".join(line for line in written.splitlines() if '"event": "request' in line), canary
    for canary in (*ADDRESSES, VISITOR, QUERY):
        assert canary not in written


async def test_a_request_line_says_who_and_where(shop, lines):
    """JSON with the id of the request, the tenant, the plugin and the first twelve characters of the key."""
    key = await shop.key("wide", scopes=("kitchen:read",))
    await shop.client.get("/kitchen/api/v1/dishes?page=1", headers={"X-API-Key": key, "X-Request-ID": "abc-1"})
    found = [json.loads(line) for line in lines.getvalue().splitlines() if '"abc-1"' in line]
    assert len(found) == 1
    told = {
        name: found[0][name] for name in ("event", "request_id", "tenant", "plugin", "key", "method", "route", "status")
    }
    assert told == {
        "event": "request", "request_id": "abc-1", "tenant": "wide", "plugin": "kitchen-sink", "key": key[:12],
        "method": "GET", "route": "/kitchen/api/v1/dishes", "status": 200,
    }  # fmt: skip


@pytest.mark.parametrize("path", ["/probe/v1/public/raise", "/probe/v1/raise"])
async def test_a_failure_is_logged_once_with_its_trace_and_the_id(shop, lines, path):
    """What the client is not told stands here."""
    await shop.client.get(path, params={"code": "unforeseen"}, headers={"X-Request-ID": "abc-2"})
    found = [json.loads(line) for line in lines.getvalue().splitlines()]
    failed = [one for one in found if one["event"] == "request.failed"]
    assert [one["request_id"] for one in failed] == ["abc-2"]
    assert "Traceback" in failed[0]["exception"]
    assert failed[0]["level"] == "error"


HALF = {"type": "http.request", "body": b'{"name": ', "more_body": True}
GONE = {"type": "http.disconnect"}


@pytest.mark.parametrize("messages", [[GONE], [HALF, GONE], [HALF, HALF, GONE]], ids=["before", "in it", "later"])
@pytest.mark.parametrize("path", ["/kitchen/api/v1/dishes", "/probe/v1/events"], ids=["ordinary route", "hot route"])
async def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_fault_of_ours(shop, lines, path, messages):
    """Phones lose their network all day: no trace, and no 500."""
    key = await shop.key("wide", scopes=("kitchen:write",))
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "method": "POST",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "client": ("127.0.0.1", 1),
        "server": ("frontage.test", 80), "headers": [
            (b"host", b"frontage.test"), (b"content-type", b"application/json"), (b"content-length", b"900"),
            (b"x-api-key", key.encode()),
        ],
    }  # fmt: skip
    left, sent = list(messages), []

    async def receive():
        return left.pop(0)

    async def send(message):
        sent.append(message)

    await shop.platform.front(scope, receive, send)
    assert left == []
    assert all(message.get("status", 0) < 500 for message in sent)
    written = lines.getvalue()
    assert "request.failed" not in written
    assert "Traceback" not in written
    assert '"status": 5' not in written
