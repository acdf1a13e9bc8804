"""Widget events: always 204, one line in the log, no row, and a count of what was dropped."""

import json

import pytest
from structlog.testing import capture_logs

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVENTS = "/locations/api/v1/public/widget-events"
KEY = "cpk_AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEf_84041098"
LOGGED = {
    "a load with its page": (
        {"event": "widget_load", "api_key": KEY, "referrer": "https://shop.example/find?token=1#x"},
        {"kind": "widget_load", "key": "cpk_AbCdEfGh", "referrer": "https://shop.example/find"},
    ),
    "a search": (
        {"event": "location_search", "query": "Springfield IL"},
        {"kind": "location_search", "query": "Springfield IL"},
    ),
    "a query belongs to searches alone": (
        {"event": "widget_load", "query": "secret", "location_short_id": "x"},
        {"kind": "widget_load"},
    ),
    "a click": (
        {"event": "view_store_click", "location_short_id": "WmsG2qe2XXxacqiqo2MfnY", "query": "no"},
        {"kind": "view_store_click", "location": "WmsG2qe2XXxacqiqo2MfnY"},
    ),
    "the older name of a place": (
        {"event": "get_directions_click", "location_public_id": "abc"},
        {"kind": "get_directions_click", "location": "abc"},
    ),
    "a number for an id, null and empty for absent": (
        {"event": "view_store_click", "location_short_id": 17, "query": None, "referrer": ""},
        {"kind": "view_store_click", "location": "17"},
    ),
    "cut by code points, without control characters": (
        {
            "event": "location_search",
            "query": "a\nb\u2028\u0085" + "ü" * 300,
            "referrer": "https://x.example/" + "y" * 600,
        },
        {"kind": "location_search", "query": "ab" + "ü" * 254, "referrer": "https://x.example/" + "y" * 494},
    ),
    "a user name in the page's address": (
        {"event": "widget_load", "referrer": "https://ann:pw@x.example/p"},
        {"kind": "widget_load", "referrer": "https://x.example/p"},
    ),
    "unknown members": ({"event": "widget_load", "more": {"deep": [1]}}, {"kind": "widget_load"}),
}
DROPPED = {
    "unknown event": (b'{"event":"page_view"}', "event"),
    "no event": (b"{}", "event"),
    "event of another type": (b'{"event":5}', "event"),
    "a field of another type": (b'{"event":"widget_load","query":{"a":1}}', "field"),
    "cut off": (b'{"event":"widget_load"', "not json"),
    "empty": (b"", "not json"),
    "no utf-8": (b'{"event":"widget_load","query":"\xff"}', "not json"),
    "a list": (b"[1,2]", "not json"),
    "levels without end": (b"[" * 50_000, "not json"),
}


@pytest.mark.parametrize("words", LOGGED)
async def test_an_event_is_one_line_with_what_belongs_to_it(site, words):
    sent, expected = LOGGED[words]
    with capture_logs() as lines:
        answer = await site.client.post(EVENTS, content=json.dumps(sent), headers={"Content-Type": "text/plain"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert not [name for name in answer.headers if "ratelimit" in name]
    (line,) = [line for line in lines if line["event"] == "widget.event"]
    assert {name: value for name, value in line.items() if name not in {"event", "log_level"}} == expected


async def test_what_is_not_understood_is_dropped_silently_and_counted_by_reason(site):
    for words, (body, reason) in DROPPED.items():
        before = await dropped(site, reason)
        with capture_logs() as lines:
            answer = await site.client.post(EVENTS, content=body)
        assert (answer.status_code, answer.content) == (204, b""), words
        assert not lines, words
        assert await dropped(site, reason) == before + 1, words


async def test_an_encoding_is_a_drop_and_only_size_and_method_are_told(site):
    before = await dropped(site, "encoding")
    assert (await site.client.post(EVENTS, content=b"{}", headers={"Content-Encoding": "gzip"})).status_code == 204
    assert await dropped(site, "encoding") == before + 1
    too_large = await site.client.post(EVENTS, content=b" " * 65_537)
    assert too_large.status_code == 413
    assert too_large.json()["error_code"] == "payload_too_large"
    assert (await site.client.get(EVENTS)).status_code == 405


async def test_a_page_of_any_origin_may_send(site):
    """A JSON beacon makes a preflight and sends credentials."""
    origin = {"Origin": "https://shop.example"}
    preflight = await site.client.options(EVENTS, headers={**origin, "Access-Control-Request-Method": "POST"})
    assert preflight.status_code == 204
    sent = await site.client.post(EVENTS, json={"event": "widget_load"}, headers=origin)
    for answer in (preflight, sent):
        assert answer.headers["access-control-allow-origin"] == "https://shop.example"
        assert answer.headers["access-control-allow-credentials"] == "true"


async def dropped(site, reason: str) -> float:
    wanted = f'{{plugin="store-locator",reason="{reason}",what="widget_events_dropped"}} '
    lines = (await site.client.get("/metrics")).text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if wanted in line)
