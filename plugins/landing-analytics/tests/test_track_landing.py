"""`POST /api/analytics/track` as its source document and the contract have it."""

from typing import Any

import pytest

from .cases import Case, check
from .shop import LANDING

pytestmark = pytest.mark.asyncio(loop_scope="module")

DONE = {"success": True}
MOMENT = "2026-03-08T21:00:00Z"


def event(**members: Any) -> dict[str, Any]:
    return {"tenant_id": "$number", "event_type": "pageview", **members}


def wrong(**errors: str) -> dict[str, Any]:
    return {"success": False, "message": "Invalid data", "errors": {name: [words] for name, words in errors.items()}}


WORDS = {
    "pageview": "pageview",
    "click_whatsapp": "whatsapp_click",
    "click_call": "call",
    "click_toggle_currency": "currency_toggle",
    "time_on_page": "time_on_page",
    "qr_scan": "qr_scan",
    "product_click": "product_click",
}
CASES = {
    **{
        f"event_type {word}": Case("003 body", event(event_type=word), 200, DONE, {"type": kind, "source": "landing"})
        for word, kind in WORDS.items()
    },
    "the document's own example": Case(
        "003 example",
        event(event_type="click_whatsapp", metadata={"button_location": "hero"}),
        200,
        DONE,
        {"type": "whatsapp_click", "metadata": {"button_location": "hero"}},
    ),
    "tenant by digits": Case("contract 1", event(tenant_id="$digits"), 200, DONE, {}),
    "tenant by slug": Case("contract 1", event(tenant_id="$slug"), 200, DONE, {}),
    "tenant by shortuuid": Case("contract 1", event(tenant_id="$short"), 200, DONE, {}),
    "tenant by UUID": Case("contract 1", event(tenant_id="$uuid"), 200, DONE, {}),
    "tenant true": Case("contract 1", event(tenant_id=True), 422),
    "tenant 1.0": Case("contract 1", event(tenant_id=1.0), 422),
    "tenant a list": Case("contract 1", event(tenant_id=[1]), 422),
    "tenant missing": Case("003 body", {"event_type": "pageview"}, 422, wrong(tenant_id="Required.")),
    "tenant null": Case("contract 1", event(tenant_id=None), 422, wrong(tenant_id="Required.")),
    "tenant unknown": Case("contract 4", event(tenant_id=999_999), 422, wrong(tenant_id="There is no such tenant.")),
    "tenant overflows": Case("contract 1", event(tenant_id="z" * 22), 422, wrong(tenant_id="There is no such tenant.")),
    "event_type missing": Case("003 body", {"tenant_id": "$number"}, 422, wrong(event_type="Required.")),
    "event_type unknown": Case("003 body", event(event_type="purchase"), 422),
    "metadata a list": Case("003 body", event(metadata=[1]), 422),
    "metadata empty list": Case("contract 1", event(metadata=[]), 200, DONE, {"metadata": {}}),
    "metadata null": Case("contract 1", event(metadata=None), 200, DONE, {"metadata": None}),
    "metadata NUL": Case("contract 1", event(metadata={"a\0b": "c\0d"}), 200, DONE, {"metadata": {"ab": "cd"}}),
    "metadata lone surrogate": Case(
        "contract 1",
        b'{"tenant_id": "$number", "event_type": "pageview", "metadata": {"a": "\\ud800"}}',
        200,
        DONE,
        {"metadata": {"a": "�"}},
    ),
    "metadata NaN": Case(
        "contract 1",
        b'{"tenant_id": "$number", "event_type": "pageview", "metadata": {"a": NaN}}',
        422,
        wrong(body="Expected a JSON document."),
    ),
    "metadata 100 bits": Case("contract 1", event(metadata={"a": 2**100}), 422),
    "metadata 65 keys": Case("contract 1", event(metadata={str(key): 1 for key in range(65)}), 422),
    "metadata over 8 KiB": Case("contract 1", event(metadata={"a": "x" * 8200}), 422),
    "metadata 17 levels": Case(
        "contract 1",
        b'{"tenant_id": "$number", "event_type": "pageview", "metadata": ' + b'{"a":' * 17 + b"1" + b"}" * 18,
        422,
    ),
    "50,000 levels": Case("contract 1", b'{"tenant_id":' + b"[" * 50_000, 422),
    "unknown members": Case("contract 1", event(more={"deep": [1]}), 200, DONE, {}),
    "a duplicate key, the last wins": Case(
        "contract 1",
        b'{"tenant_id": "$number", "event_type": "qr_scan", "event_type": "pageview"}',
        200,
        DONE,
        {"type": "pageview"},
    ),
    "text/plain": Case("contract 1", event(), 200, DONE, {}, {"Content-Type": "text/plain;charset=UTF-8"}),
    "JSON called a form": Case(
        "contract 1", event(), 200, DONE, {}, {"Content-Type": "application/x-www-form-urlencoded"}
    ),
    "a form": Case(
        "contract 1",
        b"tenant_id=$number&event_type=time_on_page&metadata[seconds]=45",
        200,
        DONE,
        {"type": "time_on_page", "milliseconds": 45_000, "metadata": {"seconds": "45"}},
    ),
    "a byte order mark": Case(
        "contract 1", b'\xef\xbb\xbf{"tenant_id": "$number", "event_type": "pageview"}', 200, DONE, {}
    ),
    "bad UTF-8": Case(
        "contract 1", b'{"tenant_id": 1, "event_type": "\xff"}', 422, wrong(body="Expected a JSON document.")
    ),
    "cut off": Case("contract 1", b'{"tenant_id": 1', 422, wrong(body="Expected a JSON document.")),
    "empty": Case("contract 1", b"", 422),
    "event_id with timestamp": Case(
        "contract 4", event(event_id="e-1", timestamp=MOMENT), 200, DONE, {"source": "landing"}
    ),
    "the same again": Case(
        "contract 4", event(event_id="e-9", timestamp=MOMENT), 200, DONE, after=event(event_id="e-9", timestamp=MOMENT)
    ),
    "event_id a number": Case("contract 1", event(event_id=7, timestamp=MOMENT), 200, DONE, {}),
    "event_id alone": Case(
        "contract 4",
        event(event_id="e-2"),
        422,
        wrong(event_id="Expected together with a timestamp, which a repeat carries too."),
    ),
    "event_id too long": Case(
        "contract 4", event(event_id="x" * 65, timestamp=MOMENT), 422, wrong(event_id="Expected 1 to 64 characters.")
    ),
    "event_id and no moment": Case("contract 4", event(event_id="e-3", timestamp="soon"), 422),
    "seconds": Case(
        "contract 4", event(event_type="time_on_page", metadata={"seconds": 12.5}), 200, DONE, {"milliseconds": 12_500}
    ),
    "duration": Case(
        "contract 4", event(event_type="time_on_page", metadata={"duration": 7}), 200, DONE, {"milliseconds": 7000}
    ),
    "seconds of two days": Case(
        "contract 4",
        event(event_type="time_on_page", metadata={"seconds": 200_000}),
        200,
        DONE,
        {"milliseconds": 30_000},
    ),
    "a heartbeat": Case("contract 4", event(event_type="time_on_page"), 200, DONE, {"milliseconds": 30_000}),
    "referrer without query": Case(
        "contract 1",
        event(metadata={"referrer": "https://ann:pw@t.co/a?q=1#x", "page": "/p?secret=1"}),
        200,
        DONE,
        {
            "referrer": "https://shop.example/x",
            "page": "/p",
            "metadata": {"referrer": "https://t.co/a", "page": "/p?secret=1"},
        },
        {"Referer": "https://shop.example/x?token=1#f"},
    ),
    "user agent and referrer of 512": Case(
        "contract 4",
        event(),
        200,
        DONE,
        {"user_agent": ("Mozilla/5.0 " + "x" * 600)[:512], "referrer": ("https://shop.example/" + "y" * 600)[:512]},
        {"User-Agent": "Mozilla/5.0 " + "x" * 600, "Referer": "https://shop.example/" + "y" * 600},
    ),
    "GPC": Case(
        "contract 1",
        event(metadata={"session_id": "s", "referrer": "https://t.co/", "button": "hero"}),
        200,
        DONE,
        {
            "visitor": None,
            "user_agent": None,
            "referrer": None,
            "device": None,
            "browser": None,
            "os": None,
            "metadata": {"button": "hero"},
        },
        {"Sec-GPC": "1", "Referer": "https://shop.example/"},
    ),
    "DNT": Case("contract 1", event(), 200, DONE, {"visitor": None, "user_agent": None}, {"DNT": "1"}),
    "a bot": Case(
        "contract 1", event(), 200, DONE, None, {"User-Agent": "Googlebot/2.1 (+http://www.google.com/bot.html)"}
    ),
    "a prefetch": Case("own signs", event(), 200, DONE, None, {"Sec-Purpose": "prefetch;prerender"}),
    "a driven browser": Case("own signs", event(metadata={"webdriver": True}), 200, DONE, None),
    "a library is no bot": Case(
        "contract 1", event(), 200, DONE, {"device": "unknown"}, {"User-Agent": "python-requests/2.31"}
    ),
    "an encoding": Case("contract 1", event(), 415, headers={"Content-Encoding": "gzip"}),
    "too large": Case("contract 1", b" " * 65_537, 413),
}


@pytest.mark.parametrize("words", CASES)
async def test_a_request_is_answered_as_documented(corner, words):
    """Status, body and what is kept are the document's."""
    await check(CASES[words], LANDING, corner)


async def test_problems_also_say_what_these_clients_look_for(corner):
    """A status without a body of its own is a problem document with `success` and `message`."""
    for answer in (
        await corner.post(LANDING, b" " * 65_537),
        await corner.post(LANDING, b"{}", headers={"Content-Encoding": "br"}),
        await corner.running.client.get(LANDING),
    ):
        told = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert (told["success"], told["message"], told["status"]) == (False, told["detail"], answer.status_code)
