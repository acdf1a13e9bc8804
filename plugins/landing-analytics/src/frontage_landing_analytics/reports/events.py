"""The events themselves, with the filters of a query, as a file that is made while it is sent."""

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime
from typing import Annotated, Any

import sqlalchemy as sa
from litestar.params import QueryParameter
from litestar.response import Stream
from msgspec import Meta, Struct

from frontage.plugin import (
    FileFormat,
    FromQuery,
    Injected,
    Period,
    PluginContext,
    Since,
    TableFile,
    Tenant,
    Until,
    get,
    period_of,
    to_short,
)
from frontage_landing_analytics.canonical import EventType, Source
from frontage_landing_analytics.reports.words import API, WORDS
from frontage_landing_analytics.streams import Interaction

_ROWS = 1000
_Text = Annotated[str | None, QueryParameter(min_length=1, max_length=200)]


class EventRow(Struct, frozen=True):
    """An event as it is kept."""

    id: str
    received: datetime
    occurred: datetime
    day: Annotated[date, Meta(description="The shop's own.")]
    type: str
    source: Annotated[str, Meta(description="The route it came by.")]
    visitor: Annotated[str | None, Meta(description="Null where a privacy signal asked for it.")]
    page: str | None
    referrer: str | None
    device: str | None
    browser: str | None
    os: str | None
    country: str | None
    product_id: int | None
    milliseconds: int
    value: Annotated[str | None, Meta(description="Decimal digits.")]
    currency: str | None
    transaction_id: str | None
    flags: str | None
    metadata: dict[str, Any] | None


@get(f"{API}/export/events", media_type="text/csv", **WORDS)
async def export_events(
    context: Injected[PluginContext],
    tenant: Injected[Tenant],
    since: Since = None,
    until: Until = None,
    type: FromQuery[EventType | None] = None,  # noqa: A002
    source: FromQuery[Source | None] = None,
    visitor: FromQuery[_Text] = None,
    page: FromQuery[_Text] = None,
    country: FromQuery[_Text] = None,
    format: FromQuery[FileFormat] = "csv",  # noqa: A002
) -> Stream:
    """Give out the events of some days, as CSV that is safe to open in a spreadsheet, or as lines of JSON."""
    period = period_of(tenant, since, until)
    facts = {"type": type, "source": source, "visitor": visitor, "page": page, "country": country}
    wanted = {name: value for name, value in facts.items() if value is not None}
    file = TableFile(EventRow, format)
    name = f"events-{period.since}-{period.until}"
    pieces = file.pieces(_pages(context, tenant, period, wanted))
    return Stream(pieces, media_type=file.media_type, headers=file.headers(name))


async def _pages(
    context: PluginContext, tenant: Tenant, period: Period, facts: dict[str, Any]
) -> AsyncIterator[Sequence[EventRow]]:
    """A page at a time by the key, from where the last one ended: no connection is held while the client reads."""
    table = context.intake.table(Interaction)
    places = (table.c.utc_day, table.c.id)
    query = (
        sa.select(table)
        .where(table.c.tenant_id == tenant.id, table.c.day >= period.since, table.c.day <= period.until)
        .where(*(table.c[name] == value for name, value in facts.items()))
        .order_by(*places)
        .limit(_ROWS)
    )
    page = query
    while True:
        async with context.reading(tenant) as session:
            rows = (await session.execute(page)).mappings().all()
        if rows:
            yield [_told(row) for row in rows]
        if len(rows) < _ROWS:
            return
        last = [sa.literal(rows[-1][place.name], place.type) for place in places]
        page = query.where(sa.tuple_(*places) > sa.tuple_(*last))


def _told(row: Any) -> EventRow:
    same = {name: row[name] for name in EventRow.__struct_fields__ if name not in {"id", "value"}}
    value = row["value"]
    return EventRow(id=to_short(row["id"]), value=None if value is None else format(value, "f"), **same)
