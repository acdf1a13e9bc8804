"""Bodies as browsers, their relays and nobody in his right mind send them: read with lenience, and never a 5xx."""

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEXTS = "/probe/v1/texts"
CAP = 64 * 1024
FORM = "application/x-www-form-urlencoded"

READ = [
    pytest.param(b'{"text": "a"}', {"Content-Type": "application/json"}, {"text": "a"}, id="JSON"),
    pytest.param(
        b'{"text": "a"}', {"Content-Type": "text/plain;charset=UTF-8"}, {"text": "a"}, id="JSON as a beacon sends it"
    ),
    pytest.param(
        b'{"text": "a"}', {"Content-Type": FORM}, {"text": "a"}, id="JSON under a form's type, as curl sends it"
    ),
    pytest.param(b'{"text": "a"}', {}, {"text": "a"}, id="JSON without a type"),
    pytest.param(b'{"text": "a"}', {"Content-Type": "nonsense;;"}, {"text": "a"}, id="JSON under nonsense"),
    pytest.param(b' \r\n\t{"text": "a"}', {}, {"text": "a"}, id="white space before"),
    pytest.param(b'\xef\xbb\xbf{"text": "a"}', {}, {"text": "a"}, id="a byte order mark"),
    pytest.param(
        b"text=a+b%21&object[x]=1", {"Content-Type": FORM}, {"text": "a b!", "object": {"x": "1"}}, id="a form"
    ),
    pytest.param(b"text=a&number=12", {"Content-Type": FORM}, {"text": "a", "number": 12}, id="digits in a form"),
    pytest.param(b'{"text": null}', {}, {}, id="null is absent"),
    pytest.param(b'{"unknown": {"deep": [1]}, "text": "a"}', {}, {"text": "a"}, id="unknown members are ignored"),
    pytest.param(b'{"object": []}', {}, {"object": {}}, id="an empty list for an object"),
    pytest.param(b"[]", {}, {}, id="an empty list for the whole"),
    pytest.param(b'{"number": "12"}', {}, {"number": 12}, id="an integer as digits"),
    pytest.param(b'{"text": "a", "text": "b"}', {}, {"text": "b"}, id="a duplicate key: the last wins"),
    pytest.param(rb'{"text": "a\ud800b"}', {}, {"text": "a\ufffdb"}, id="a lone surrogate"),
    pytest.param(rb'{"text": "\ud83d\ude00"}', {}, {"text": "\U0001f600"}, id="a pair of surrogates"),
    pytest.param(rb'{"text": "a\u0000b"}', {}, {"text": "ab"}, id="NUL"),
    pytest.param(b'{"text": "a"}', {"Content-Encoding": "identity"}, {"text": "a"}, id="identity is no encoding"),
    pytest.param(
        b'{"unknown": ' + b"[" * 30_000 + b"]" * 30_000 + b', "text": "a"}',
        {},
        None,
        id="60,000 levels in what is skipped",
    ),
]


def given_members(answer):
    return {name: value for name, value in answer.json().items() if value is not None}


@pytest.mark.parametrize(("content", "headers", "read"), READ)
async def test_what_a_sender_meant_is_read(shop, content, headers, read):
    """A body whose first character is a bracket is JSON, whatever its type; the rest may be a form."""
    answer = await shop.client.post(TEXTS, content=content, headers=headers)
    if read is None:
        assert answer.status_code in {200, 422}
    else:
        assert (answer.status_code, given_members(answer)) == (200, read)


UNREAD = [
    pytest.param(b"", 422, id="empty"),
    pytest.param(b'{"text": ', 422, id="truncated"),
    pytest.param(b'{"text": "\xff"}', 422, id="bad UTF-8"),
    pytest.param(b'{"text": "a"} x', 422, id="more behind it"),
    pytest.param(b'{"number": NaN}', 422, id="NaN"),
    pytest.param(b'{"number": Infinity}', 422, id="Infinity"),
    pytest.param(b'{"number": 1e400}', 422, id="a float beyond all"),
    pytest.param(b'{"number": ' + b"9" * 60_000 + b"}", 422, id="an integer of 60,000 digits"),
    pytest.param(b'{"number": 1.5}', 422, id="a fraction for an integer"),
    pytest.param(b'{"number": true}', 422, id="true for an integer"),
    pytest.param(b"[1]", 422, id="a list"),
    pytest.param(b"[" * 60_000, 422, id="60,000 levels"),
    pytest.param(b'{"object":' * 6000, 422, id="6,000 objects in each other"),
    pytest.param(b"[" * 100_000, 413, id="100,000 levels, over the cap"),
    pytest.param(b'{"object": {"x": [1]}}', 422, id="a wrong member of an object"),
    pytest.param(b"\x00\x01\x02", 422, id="bytes"),
]


@pytest.mark.parametrize(("content", "status"), UNREAD)
@pytest.mark.parametrize("path", ["/probe/v1/texts", "/probe/v1/texts-for-servers"])
async def test_what_cannot_be_read_is_the_clients_fault(shop, servers_key, path, content, status):
    """Never a 5xx; management routes say 400 where it is no JSON at all."""
    answer = await shop.client.post(path, content=content, headers=servers_key)
    # Where browsers send, what is no JSON may be a form without a field that is known.
    form = path == TEXTS and not content.startswith((b"{", b"["))
    allowed = {status, 200 if form else 400} - ({400} if path == TEXTS else set())
    assert answer.status_code in allowed, answer.text


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def servers_key(shop):
    """A key for the whole table."""
    scopes = ("probe:read", "kitchen:write", "kitchen:order", "keys:write")
    return {"X-API-Key": await shop.key("wide", scopes=scopes)}


async def test_an_integer_beyond_64_bits_does_not_fit(shop):
    """No column would take it."""
    for number, status in ((2**63 - 1, 200), (2**63, 422), (-(2**63), 200), (-(2**63) - 1, 422), (2**64, 422)):
        answer = await shop.client.post(TEXTS, content=b'{"number": %d}' % number)
        assert answer.status_code == status, number


async def chunks(*parts):
    for part in parts:
        yield part


@pytest.mark.parametrize("path", ["/probe/v1/texts", "/probe/v1/texts-for-servers"])
@pytest.mark.parametrize(
    ("length", "status"), [pytest.param(CAP, 200, id="at the cap"), pytest.param(CAP + 1, 413, id="a byte over it")]
)
async def test_the_cap_holds_for_a_declared_and_a_chunked_body(shop, servers_key, path, length, status):
    """64 KiB, however the body comes and whatever its header says."""
    body = b'{"unknown": "' + b"x" * (length - 15) + b'"}'
    assert len(body) == length
    declared = await shop.client.post(path, content=body, headers=servers_key)
    half = length // 2
    chunked = await shop.client.post(path, content=chunks(body[:half], b"", body[half:]), headers=servers_key)
    lying = await shop.client.post(path, content=chunks(body), headers=servers_key | {"Content-Length": "10"})
    expected = status if path == TEXTS or status == 413 else 201
    assert [declared.status_code, chunked.status_code, lying.status_code] == [expected] * 3


@pytest.mark.parametrize("path", ["/probe/v1/texts", "/probe/v1/texts-for-servers"])
@pytest.mark.parametrize("length", ["99999999999999999999", "9" * 5000, "65537"])
async def test_a_declared_length_over_the_cap_is_refused_before_the_body_is_read(shop, servers_key, path, length):
    """Nobody has to send it first."""
    answer = await shop.client.post(path, content=b"{}", headers=servers_key | {"Content-Length": length})
    assert answer.status_code in {413} | ({400} if len(length) > 4300 else set())


@pytest.mark.parametrize("length", ["-1", "abc", "1e3", "", "0x10"])
async def test_a_length_that_is_no_number_is_no_failure(shop, servers_key, length):
    """Whatever stands there, it is never our fault."""
    for path in ("/probe/v1/texts", "/probe/v1/texts-for-servers"):
        answer = await shop.client.post(path, content=b"{}", headers=servers_key | {"Content-Length": length})
        assert answer.status_code < 500


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "GZIP", "identity, gzip", "nonsense"])
@pytest.mark.parametrize("path", ["/probe/v1/texts", "/probe/v1/texts-for-servers"])
async def test_an_encoded_body_is_refused(shop, servers_key, path, encoding):
    """415 for any encoding other than identity."""
    answer = await shop.client.post(path, content=b"{}", headers=servers_key | {"Content-Encoding": encoding})
    assert (answer.status_code, answer.json()["error_code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("raw", [rb'"a\u0000b"', rb'"\ud800"', b'"\\u0000"', b'"a\x00b"', b'"\xef\xbf\xbf"'])
async def test_no_text_is_too_strange_for_the_database(stored_shop, raw):
    """A NUL or a lone surrogate never becomes a failure of PostgreSQL."""
    key = await stored_shop.key("wide", scopes=("probe:read", "kitchen:write"))
    for path, body in (
        ("/probe/v1/texts-for-servers", b'{"text": ' + raw + b"}"),
        ("/kitchen/api/v1/dishes", b'{"price": 1, "name": ' + raw + b"}"),
        ("/kitchen/api/v1/orders", b'{"tenant_id": "wide", "dish": ' + raw + b"}"),
    ):
        answer = await stored_shop.client.post(path, content=body, headers={"X-API-Key": key})
        assert answer.status_code < 500, (path, answer.text)


ROUTES = [
    "/kitchen/api/v1/orders",
    "/kitchen/api/v1/public/tastes",
    "/kitchen/api/v1/public/wishes",
    "/kitchen/api/v1/bell",
    "/kitchen/api/v1/ping",
    "/kitchen/api/v1/dishes",
    "/probe/v1/events",
    "/probe/v1/named",
    "/probe/v1/slugged",
    "/probe/v1/texts",
    "/probe/v1/texts-for-servers",
    "/account/api/v1/api-keys",
    "/account/api/v1/api-keys/2222222222222222222222/rotate",
]
PIECES = [
    b"{", b"}", b"[", b"]", b'"', b":", b",", b"\\", b"\\u0000", b"\\ud800", b"\\udc00", b"null", b"true", b"NaN", b"-", b"0", b"1",
    b"9" * 30, b"1e999", b".", b" ", b"\x00", b"\xff", b"\xef\xbb\xbf", b"&", b"=", b"%00", b"[x]", b"tenant_id", b"dish", b"text",
    b"object", b"name", b"price", b'{"tenant_id":', b'"wide"', b'{"tenant_id":"wide","dish":', b'{"text":', b'{"name":',
]  # fmt: skip
BODIES = st.one_of(st.binary(max_size=80), st.lists(st.sampled_from(PIECES), max_size=20).map(b"".join))


@pytest.mark.parametrize("path", ROUTES)
@given(
    body=BODIES,
    content_type=st.sampled_from(["", "application/json", "text/plain", FORM, "multipart/form-data; boundary=x"]),
)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
async def test_no_byte_string_is_a_5xx(shop, servers_key, browsers_key, path, body, content_type):
    """On every POST route, hot and ordinary, whatever is sent."""
    secret = path.startswith("/account") or path.endswith(("dishes", "servers"))
    headers = {**(servers_key if secret else browsers_key), "Content-Type": content_type}
    answer = await shop.client.post(path, content=body, headers=headers)
    assert answer.status_code < 500, answer.text


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browsers_key(shop):
    return {"X-API-Key": await shop.key("wide", "publishable", scopes=("kitchen:order",))}


async def test_the_table_of_routes_is_complete(shop):
    """A POST route that is not fuzzed would be a hole in the promise."""
    documented = shop.platform.document["paths"]
    posts = {path.replace("{key_id}", "2" * 22) for path, methods in documented.items() if "post" in methods}
    assert posts == set(ROUTES)
