"""`POST /beacon` to the letter: tokens, statuses, what is stored, what is skipped and why, and what counts once."""

import msgspec
import pytest

from .shop import BROWSER, Shop, ago, event

pytestmark = pytest.mark.asyncio(loop_scope="module")

CLICK = {
    "event_type": "product_click",
    "timestamp": "2025-01-15T14:30:00Z",
    "session_id": "abc123",
    "device_id": "device-uuid",
    "attribution_token": "2y10smI2dB7XZXXFJsLUELltgueq8NRd",
    "product_id": 7003338965178,
    "position": 3,
}
COLLECTION = {
    "event_type": "collection_view",
    "timestamp": "2025-01-15T14:29:45Z",
    "session_id": "abc123",
    "device_id": "device-uuid",
    "collection_handle": "summer-collection",
}
BLOCK = {
    "event_type": "block_view",
    "timestamp": "2025-01-15T14:30:15Z",
    "session_id": "abc123",
    "device_id": "device-uuid",
    "attribution_token": "2y10smI2dB7XZXXFJsLUELltgueq8NRd",
}
PLACEHOLDERS = {
    "event_type": "<string>",
    "timestamp": "<string>",
    "session_id": "<string>",
    "device_id": "<string>",
    "attribution_token": "<string>",
    "product_id": 123,
    "variant_id": 123,
    "collection_handle": "<string>",
    "query": "<string>",
    "position": 123,
}


async def test_the_batch_of_the_source_document_is_stored_as_it_stands(shop: Shop):
    """Three events out of order, long ago: late, and each with all that it said."""
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    await shop.send(CLICK, COLLECTION, BLOCK, headers=headers)
    rows = await shop.rows()
    assert [row["kind"] for row in rows] == ["collection_view", "product_click", "block_view"]
    assert all(row["late"] and not row["bot"] and row["channel"] == "web" for row in rows)
    assert [row["occurred"].isoformat() for row in rows] == [
        "2025-01-15T14:29:45+00:00",
        "2025-01-15T14:30:00+00:00",
        "2025-01-15T14:30:15+00:00",
    ]
    collection, click, block = rows
    assert (click["product_id"], click["position"], click["session_id"]) == (7003338965178, 3, "abc123")
    assert collection["collection_handle"] == "summer-collection"
    assert click["attribution_token"] == block["attribution_token"] == CLICK["attribution_token"]
    assert {(row["device_id"], row["device"], row["browser"], row["os"]) for row in rows} == {
        ("device-uuid", "desktop", "Firefox", "Linux")
    }


async def test_the_placeholders_of_the_source_document_are_skipped(shop: Shop):
    """Its form with `<string>` for every text is a batch whose only event is none."""
    await shop.send(PLACEHOLDERS)
    assert await shop.rows() == []
    assert await shop.skipped() == ["unknown_event_type"]


TAKEN = {
    "digits for a product": ({"product_id": "42"}, {"product_id": 42}),
    "a global id": ({"product_id": "gid://shopify/Product/42"}, {"product_id": 42}),
    "a variant's global id": ({"variant_id": "gid://shopify/ProductVariant/7?x=1"}, {"variant_id": 7}),
    "63 bits": ({"product_id": 2**63 - 1}, {"product_id": 2**63 - 1}),
    "digits of 63 bits": ({"product_id": str(2**63 - 1)}, {"product_id": 2**63 - 1}),
    "a number for a text id": (
        {"session_id": 5, "customer_id": 7003338965178},
        {"session_id": "5", "customer_id": "7003338965178"},
    ),
    "digits for a position": ({"position": "4"}, {"position": 4}),
    "null is absent": ({"device_id": None, "contextual_data": None}, {"device_id": None, "contextual_data": None}),
    "an empty list for an object": ({"contextual_data": []}, {"contextual_data": {}}),
    "an object": ({"contextual_data": {"a": [1, "x"]}}, {"contextual_data": {"a": [1, "x"]}}),
    "unknown members": ({"more": {"deep": [[[]]]}}, {}),
    "its channel": ({"shopping_channel": "app"}, {"channel": "app"}),
    "marketing": (
        {"marketing_source": "news", "marketing_medium": "mail", "marketing_campaign": "may"},
        {"marketing_source": "news", "marketing_medium": "mail", "marketing_campaign": "may"},
    ),
    "a NUL in a text": ({"session_id": "a\0b"}, {"session_id": "ab"}),
}


async def test_what_pages_mean_is_understood(street):
    """Digits, global ids, numbers, nulls and empty lists are what their senders meant."""
    for words, (sent, stored) in TAKEN.items():
        shop = await street.open()
        await shop.send(event("product_click", **sent))
        (row,) = await shop.rows()
        assert {name: row[name] for name in stored} == stored, words


SKIPPED = {
    "a number": (5, "no_object"),
    "null": (None, "no_object"),
    "a list": ([event()], "no_object"),
    "a text": ("x", "no_object"),
    "no type": ({"timestamp": ago(), "session_id": "s"}, "no_event_type"),
    "another type": (event("product_zoom"), "unknown_event_type"),
    "a type that is no text": (event() | {"event_type": 5}, "no_event_type"),
    "no timestamp": (event(timestamp=None), "missing_timestamp"),
    "no session": (event(session_id=None), "missing_session_id"),
    "an empty session": (event(session_id=""), "invalid_session_id"),
    "a click without its product": (event("product_click", product_id=None), "missing_product_id"),
    "a view without its product": (event("product_view", product_id=None), "missing_product_id"),
    "an add without its product": (event("add_to_cart", product_id=None), "missing_product_id"),
    "a click without its position": (event("product_click", position=None), "missing_position"),
    "an impression without its position": (event("product_impression", position=None), "missing_position"),
    "a hover without its position": (event("product_hover", position=None), "missing_position"),
    "a touch without its position": (event("product_touch", position=None), "missing_position"),
    "position 0": (event("product_click", position=0), "invalid_position"),
    "half a position": (event("product_click", position=1.5), "invalid_position"),
    "a collection without its name": (event("collection_view", collection_handle=None), "missing_collection_handle"),
    "a search for nothing": (event("search", query=None), "missing_query"),
    "a completion of nothing": (event("autocomplete", query=None), "missing_query"),
    "a product of 64 bits": (event(product_id=2**63), "invalid_product_id"),
    "a product of 100 bits": (event(product_id=2**100), "invalid_product_id"),
    "digits of 64 bits": (event(product_id=str(2**63)), "invalid_product_id"),
    "a product's name": (event(product_id="gid://shopify/Product/x"), "invalid_product_id"),
    "true for a product": (event(product_id=True), "invalid_product_id"),
    "a wrong optional field": (event(device_id={"a": 1}), "invalid_device_id"),
    "another channel": (event(shopping_channel="tv"), "invalid_shopping_channel"),
    "a long text": (event(device_id="x" * 256), "invalid_device_id"),
    "a list for an object": (event(contextual_data=[1]), "invalid_contextual_data"),
    "too many levels": (event(contextual_data={"a": msgspec.Raw(b"[" * 16 + b"]" * 16)}), "invalid_contextual_data"),
    "a wide object": (event(contextual_data={str(n): n for n in range(65)}), "invalid_contextual_data"),
    "a large object": (event(contextual_data={"a": "x" * 8200}), "invalid_contextual_data"),
    "a number that no store keeps": (event(contextual_data={"a": 2**70}), "invalid_contextual_data"),
    "no moment": (event(timestamp="yesterday"), "invalid_timestamp"),
    "a date alone": (event(timestamp="2026-01-15"), "invalid_timestamp"),
    "a moment beyond all": (event(timestamp=10**30), "invalid_timestamp"),
    "the first of days": (event(timestamp="0001-01-01T00:00:00+14:00"), "invalid_timestamp"),
    "the last of days": (event(timestamp="9999-12-31T23:59:59-12:00"), "invalid_timestamp"),
    "more than a day ahead": (event(timestamp=ago(hours=-26)), "timestamp_ahead"),
}


async def test_an_event_that_is_not_valid_is_skipped_with_its_reason_and_its_neighbours_are_stored(shop: Shop):
    """One batch with every kind of mistake between two that are well."""
    wrong = [sent for sent, _ in SKIPPED.values()]
    await shop.send(event(session_id="first"), *wrong, event(session_id="last"))
    assert {row["session_id"] for row in await shop.rows()} == {"first", "last"}
    assert list(zip(SKIPPED, reversed(await shop.skipped()), strict=True)) == [
        (words, reason) for words, (_, reason) in SKIPPED.items()
    ]


async def test_each_is_judged_alike_in_a_batch_that_is_well_and_in_one_that_is_not(street):
    """The quick way of a batch in which all fits, and the slow one beside a mistake, give the same rows."""
    sent = [event("product_click", **one) for one, _ in TAKEN.values()]
    stored = []
    for batches in ([[one] for one in sent], [[None, *sent]]):
        shop = await street.open()
        for batch in batches:
            await shop.send(*batch)
        stored.append([{name: value for name, value in row.items() if name not in {"tenant_id", "received"}}
                       for row in await shop.rows()])  # fmt: skip
    assert stored[0] == stored[1]
    assert len(stored[0]) == len(TAKEN)


MOMENTS = {
    "2026-01-15T14:30:00Z": "2026-01-15T14:30:00+00:00",
    "2026-01-15T14:30:00": "2026-01-15T14:30:00+00:00",
    "2026-01-15T16:30:00.25+02:00": "2026-01-15T14:30:00.250000+00:00",
    "2026-01-15 14:30:00+0000": "2026-01-15T14:30:00+00:00",
    1768487400000: "2026-01-15T14:30:00+00:00",
    1768487400123: "2026-01-15T14:30:00.123000+00:00",
    "1768487400000": "2026-01-15T14:30:00+00:00",
    1768487400000.5: "2026-01-15T14:30:00.000500+00:00",
}


async def test_moments_are_read_as_pages_write_them(street):
    """RFC 3339 and milliseconds; without a zone it is UTC; both clocks are kept."""
    for sent, expected in MOMENTS.items():
        shop = await street.open()
        await shop.send(event(timestamp=sent))
        (row,) = await shop.rows()
        assert row["occurred"].isoformat() == expected, sent
        assert row["received"] > row["occurred"]


async def test_what_is_more_than_thirty_days_old_is_late(shop: Shop):
    """A phone may come back after a month; a day ahead is a clock that goes wrong."""
    await shop.send(
        event(timestamp=ago(days=30.01), session_id="late"),
        event(timestamp=ago(days=29.99), session_id="in time"),
        event(timestamp=ago(hours=-23.9), session_id="ahead"),
    )
    assert [(row["session_id"], row["late"]) for row in await shop.rows()] == [
        ("late", True),
        ("in time", False),
        ("ahead", False),
    ]


async def test_a_repeat_counts_once(shop: Shop):
    """By its id on its day; without one by all that it says; in one batch or in many, at any hour of the day."""
    named = event(event_id="e-1", timestamp="2026-01-15T14:30:00Z")
    nameless = event("search", timestamp="2026-01-15T14:30:00Z")
    for _ in range(2):
        await shop.send(named, named, nameless, nameless, None)
    await shop.send(
        named | {"timestamp": "2026-01-15T23:00:00Z"}, nameless | {"timestamp": "2026-01-15T15:30:00+01:00"}
    )
    assert sorted(row["kind"] for row in await shop.rows()) == ["product_view", "search"]
    await shop.send(named | {"timestamp": "2026-01-16T00:00:00Z"}, nameless | {"query": "boots"})
    assert len(await shop.rows()) == 4


async def test_one_shop_s_events_are_no_other_s(street):
    """The same id in two shops is two events."""
    one, other = await street.open(), await street.open()
    for shop in (one, other):
        await shop.send(event(event_id="e-1"))
    assert [len(await shop.rows()) for shop in (one, other)] == [1, 1]


REFUSED = {
    "nothing": b"",
    "no events": b"{}",
    "an empty batch": b'{"events":[]}',
    "events that are no list": b'{"events":{"0":{}}}',
    "null": b'{"events":null}',
    "a list": b"[]",
    "too many": msgspec.json.encode({"events": [event()] * 101}),
    "half a body": msgspec.json.encode({"events": [event()]})[:-1],
    "NaN": b'{"events":[{"event_type":"search","position":NaN}]}',
    "bad UTF-8": b'{"events":[{"event_type":"\xff"}]}',
    "levels without end": b'{"events":[' + b"[" * 100_000,
    "a form": b"events=1",
}


async def test_what_is_no_batch_is_refused_with_texts(shop: Shop):
    """422 with `errors` as a list of texts, and nothing is stored."""
    for words, body in REFUSED.items():
        answer = await shop.post(body)
        assert answer.status_code == 422, words
        told = answer.json()
        assert told["error_code"] == "validation_error", words
        assert told["errors"], words
        assert all(isinstance(one, str) for one in told["errors"]), words
        assert answer.headers["content-type"] == "application/problem+json"
    assert await shop.rows() == []


async def test_a_hundred_events_are_a_batch(shop: Shop):
    """One more is refused as a whole."""
    await shop.send(*(event(session_id=str(number)) for number in range(100)))
    assert len(await shop.rows()) == 100


DEEP = {
    "a member that nobody knows": (b'{"more":%b,' % (b"[" * 100_000 + b"]" * 100_000), 2),
    "a member in braces": (b'{"more":%b,' % (b'{"a":' * 40_000 + b"1" + b"}" * 40_000), 2),
    "a member that is kept": (b'{"contextual_data":{"a":%b},' % (b"[" * 100_000 + b"]" * 100_000), 1),
}


@pytest.mark.parametrize("words", DEEP)
async def test_levels_beyond_the_parser_cost_no_neighbour(street, words):
    """What is kept is judged: an unknown member may be as deep as it likes, kept data may not."""
    start, expected = DEEP[words]
    shop = await street.open()
    one = msgspec.json.encode(event(session_id="deep"))
    body = b'{"events":[%b,%b]}' % (msgspec.json.encode(event(session_id='a "[[{" text \\')), start + one[1:])
    assert (await shop.post(body)).status_code == 204
    rows = await shop.rows()
    assert len(rows) == expected
    assert 'a "[[{" text \\' in {row["session_id"] for row in rows}


async def test_hostile_values_poison_no_batch(shop: Shop):
    """Lone surrogates become U+FFFD, the last of a repeated key wins, huge numbers are the event's own trouble."""
    one = b'{"event_type":"product_view","timestamp":"2026-01-15T14:30:00Z","product_id":1,"session_id":%b}'
    body = b'{"events":[%b]}' % b",".join([
        one % b'"\\ud800x"',
        one % b'"first","session_id":"last"',
        one % b'"typed","event_type":"search","event_type":"product_view"',
        one % b'"a","product_id":1e999',
        one % b'"b","position":-1e-999',
        one % b'"\\u0000"',
    ])  # fmt: skip
    assert (await shop.post(body)).status_code == 204
    assert {row["session_id"] for row in await shop.rows()} == {"\ufffdx", "last", "typed"}
    assert set(await shop.skipped()) == {"invalid_product_id", "invalid_position", "invalid_session_id"}


async def test_tokens(shop: Shop):
    """By header, else by query, else as a key; the header wins; a secret key is as unknown as none."""
    token, body = await shop.token(), {"events": [event()]}
    nothing = {"X-Storefront-Access-Token": ""}
    for headers, query, status in (
        ({}, None, 204),
        (nothing, {"token": token}, 204),
        ({}, {"token": token}, 204),
        (nothing | {"X-API-Key": token}, None, 204),
        ({"X-Storefront-Access-Token": "cpk_wrong"}, {"token": token}, 401),
        (nothing, {"token": "x"}, 401),
        (nothing, None, 401),
        ({"X-Storefront-Access-Token": await shop.key("secret", "beacon:write")}, None, 401),
        ({"X-Storefront-Access-Token": await shop.key("publishable", "analytics:read")}, None, 403),
    ):
        answer = await shop.post(body, headers=headers, query=query)
        assert answer.status_code == status, (headers, query)
        if status == 401:
            assert answer.json()["error"] == "Unauthenticated"
            assert answer.json()["error_code"] == "unauthorized"
            assert "ratelimit-limit" not in answer.headers


async def test_a_shop_without_the_beacon_is_unknown(street):
    """Where the plugin is off the token is as good as none."""
    shop = await street.open(plugin="")
    answer = await shop.post({"events": [event()]})
    assert (answer.status_code, answer.json()["error"]) == (401, "Unauthenticated")


async def test_what_browsers_send(shop: Shop):
    """Text, a blob, no type at all, a byte order mark: it is JSON by its first character."""
    body = msgspec.json.encode({"events": [event()]})
    for kind in ("text/plain;charset=UTF-8", "application/json", "application/octet-stream", ""):
        answer = await shop.post(b"\xef\xbb\xbf \n" + body, headers={"Content-Type": kind} if kind else {})
        assert (answer.status_code, answer.content) == (204, b""), kind
        assert "content-type" not in answer.headers
    assert (await shop.post(body, headers={"Content-Encoding": "gzip"})).status_code == 415
    assert (await shop.post(b" " * 262_145)).status_code == 413
    assert (await shop.post(b" " * (262_144 - len(body)) + body)).status_code == 204
    assert (await shop.running.client.get("/beacon")).status_code == 405


async def test_a_page_of_another_origin_may_send_with_credentials(shop: Shop):
    """The preflight costs nothing; a key with origins refuses others on the request itself."""
    origin = {"Origin": "https://shop.example"}
    asked = {**origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    preflight = await shop.running.client.options("/beacon", headers=asked)
    assert preflight.status_code == 204
    assert "X-Storefront-Access-Token" in preflight.headers["access-control-allow-headers"]
    refused = await shop.post({"events": [event()]}, headers={**origin, "X-Storefront-Access-Token": "x"})
    held = await shop.key("publishable", "beacon:write", origins=("https://other.example",))
    elsewhere = await shop.post({"events": [event()]}, headers={**origin, "X-Storefront-Access-Token": held})
    sent = await shop.post({"events": [event()]}, headers=origin)
    assert [answer.status_code for answer in (refused, elsewhere, sent)] == [401, 403, 204]
    for answer in (preflight, refused, elsewhere, sent):
        assert answer.headers["access-control-allow-origin"] == "https://shop.example"
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert "Origin" in answer.headers["vary"]


async def test_limits_count_requests_by_key_and_by_visitor(street):
    """Both policies hold, a refusal tells when to come again, and a tenant may set its own."""
    shop = await street.open(
        '[policies]\n"storefront-beacon.visitor" = "2;w=60"\n"storefront-beacon.ingest" = "3;w=60"'
    )
    seen = []
    for _ in range(3):
        answer = await shop.post({"events": [event()] * 3})
        seen.append((answer.status_code, answer.headers["ratelimit-policy"]))
    assert seen == [(status, "3;w=60, 2;w=60") for status in (204, 204, 429)]
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.json()["error_code"] == "rate_limited"


@pytest.mark.parametrize("signal", [{"Sec-GPC": "1"}, {"DNT": "1"}], ids=["GPC", "DNT"])
@pytest.mark.parametrize(("policy", "kept"), [("ignore", "all"), ("anonymise", "counters"), ("drop", None)])
async def test_a_browser_that_asks_for_privacy_gets_what_its_shop_has_chosen(street, signal, policy, kept):
    """Ignored, or stored without anything that tells visitors apart, or not stored; the status is the same."""
    shop = await street.open(f'privacy_signals = "{policy}"')
    sent = event("product_click", device_id="d", customer_id="c", contextual_data={"who": "ann"})
    await shop.send(sent, headers=signal)
    rows = await shop.rows()
    assert len(rows) == (kept is not None)
    for row in rows:
        told = [
            row[name] for name in ("session_id", "device_id", "customer_id", "contextual_data", "device", "browser")
        ]
        assert all(value is None for value in told) == (kept == "counters")
        assert (row["product_id"], row["position"]) == (sent["product_id"], 3)


AGENTS = {
    "a browser": ({"User-Agent": BROWSER}, (False, "desktop", "web")),
    "a bot": ({"User-Agent": "Googlebot/2.1"}, (True, "unknown", "web")),
    "nobody": ({"User-Agent": ""}, (False, "unknown", "web")),
    "an app's header": ({"X-Requested-With": "com.tapcart.shop"}, (False, "desktop", "app")),
    "an app's agent": ({"User-Agent": f"{BROWSER} Fuego/2"}, (False, "desktop", "app")),
}


async def test_what_the_server_knows_is_added(street):
    """Bots apart, the kind of device, the channel."""
    for words, (headers, expected) in AGENTS.items():
        shop = await street.open()
        await shop.send(event(), headers=headers)
        (row,) = await shop.rows()
        assert (row["bot"], row["device"], row["channel"]) == expected, words


async def test_the_debug_list_shows_what_came_and_why_it_does_not_count(shop: Shop):
    """The newest first; nothing of the shopper; only with the scope."""
    await shop.send(event(event_id="e-1"), event("search", query=None))
    told = (await shop.read("debug/events")).json()
    assert "each worker" in told["scope"]
    skipped, accepted = told["events"]
    assert (skipped["outcome"], skipped["reason"], skipped["event_type"], skipped["place"]) == (
        "skipped",
        "missing_query",
        "search",
        1,
    )
    assert (accepted["outcome"], accepted["event_type"]) == ("accepted", "product_view")
    assert len(skipped["key"]) == 12
    for _ in range(2):
        await shop.send(*(event(session_id=str(n)) for n in range(99)), 5)
    told = (await shop.read("debug/events")).json()["events"]
    assert len(told) == 100
    assert "s-1" not in str(told)
    key = await shop.key("secret")
    refused = await shop.running.client.get("/storefront/api/v1/debug/events", headers={"X-API-Key": key})
    assert refused.status_code == 403
