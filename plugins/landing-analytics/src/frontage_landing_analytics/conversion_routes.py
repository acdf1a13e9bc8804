"""Conversions: `POST /api/v1/analytics/conversion`, which answers 200 whatever happens to it."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Raw, Struct

from frontage.plugin import Answer, BodyReader, Call, HotRequest, Problem, Tenant, hot, in_body, utc_now
from frontage_landing_analytics.canonical import CANONICAL, COMMERCE_WORDS
from frontage_landing_analytics.event_ids import event_key, read_moment
from frontage_landing_analytics.money import read_currency, read_value
from frontage_landing_analytics.recording import record
from frontage_landing_analytics.refusals import note_refused, told
from frontage_landing_analytics.settings import Settings

_JSON = ((b"content-type", b"application/json"),)
_PAST, _AHEAD = timedelta(days=7), timedelta(minutes=5)


class ConversionIn(Struct, frozen=True):
    """A conversion as a payment page tells of it."""

    tenant_slug: str | None = None
    transaction_id: int | str | None = None
    value: float | str = 0.0
    currency: str | None = None
    event: str = "purchase"
    timestamp: str | None = None


class ConversionOut(Struct, frozen=True):
    """`ok`: the conversion is kept. `skipped`: it is not."""

    status: str
    transaction_id: int | float | str | None


class Told(Struct, frozen=True):
    """A conversion as it came; nothing of it can be wrong."""

    tenant_slug: Any = None
    transaction_id: Raw = Raw(b"null")
    value: Raw = Raw(b"null")
    currency: Any = None
    event: Any = None
    timestamp: Any = None
    event_id: Any = None

    @property
    def transaction(self) -> str | None:
        """The transaction's id as text; None when there is none."""
        text = bytes(self.transaction_id)
        if text.startswith(b'"'):
            return str(msgspec.json.decode(text)) or None
        return text.decode() if text[:1] in b"-0123456789" else None

    @property
    def amount(self) -> Any:
        """The value: digits as they were written, so that no cent is lost on the way."""
        text = bytes(self.value)
        return text.decode() if text[:1] in b"-0123456789" else msgspec.json.decode(text)


def _answer(status: bytes, call: Call) -> Answer:
    body = getattr(call, "body", None)
    echo = bytes(body.transaction_id) if isinstance(body, Told) and body.transaction is not None else b"null"
    return Answer(200, b'{"status":"%b","transaction_id":%b}' % (status, echo), _JSON)


def skip(call: Call) -> Answer:
    """A conversion of nobody that is known here."""
    return _answer(b"skipped", call)


def refuse(problem: Problem, call: Call) -> Answer:
    """Nothing may disturb the page that thanks for a payment; a wrong method is its author's business."""
    if problem.code == "method_not_allowed":
        return told(problem, call)
    note_refused(problem, call)
    return skip(call)


@hot.post(
    "/api/v1/analytics/conversion",
    body=BodyReader(Told, forms=True),
    schema=ConversionIn,
    tenant=in_body("tenant_slug", slug_only=True),
    limit=("api",),
    off=skip,
    public=True,
    refuse=refuse,
    refusals=(405,),
    status=200,
    returns=ConversionOut,
    summary="Record a conversion",
    tags=("Commerce analytics",),
)
async def convert(request: HotRequest[Told, Settings]) -> Answer:
    """Keep a conversion, once for each transaction; `ok` means that it is on disk."""
    assert request.tenant is not None
    kind, facts = understood(request.body, request.tenant)
    await record(request, kind, "conversion", **facts)
    return _answer(b"ok", request)


def understood(body: Told, tenant: Tenant) -> tuple[Any, dict[str, Any]]:
    """What a conversion says, and what of it could not be read."""
    value, currency, word = body.amount, body.currency, body.event
    amount = Decimal(0) if value is None else read_value(value)
    code = tenant.currency if currency is None else read_currency(currency)
    known = word is None or (isinstance(word, str) and word in COMMERCE_WORDS)
    flags = [
        name for name, wrong in (("value", amount is None), ("currency", code is None), ("event", not known)) if wrong
    ]
    facts = {
        "value": Decimal(0) if amount is None else amount,
        "currency": code,
        "transaction_id": body.transaction,
        "flags": ",".join(flags) or None,
        **_identity(body),
    }
    return CANONICAL[word if known and word is not None else "purchase"], facts


def _identity(body: Told) -> dict[str, Any]:
    now, occurred = utc_now(), read_moment(body.timestamp)
    recent = occurred is not None and now - _PAST <= occurred <= now + _AHEAD
    facts: dict[str, Any] = {"occurred": occurred} if recent else {}
    if body.transaction is not None:
        facts["id"] = event_key("transaction", body.transaction)
    elif recent and isinstance(body.event_id, str) and body.event_id:
        facts["id"] = event_key("conversion", body.event_id)
    return facts


conversion_routes = [convert]
