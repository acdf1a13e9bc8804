"""The dashboard and every report read counts by their key, however many there are, and never an event."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from frontage.intake.stream import bind
from frontage.intake.tables import rollup_table
from frontage_landing_analytics.rollups import BotDay, Breakdown, DayCount, DropDay, QuarterCount, Revenue
from frontage_landing_analytics.streams import streams

from .shop import BOTS, EVENTS

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_week_is_read_by_the_key_alone(street):
    """No scan, on either database; the events are not asked at all."""
    table = rollup_table(bind("landing-analytics", streams)[0], DayCount)
    shop, today = await street.open(), date(2026, 3, 8)
    week = sa.select(table).where(
        table.c.tenant_id == shop.tenant_id, table.c.day >= today - timedelta(days=6), table.c.day <= today
    )
    database = street.running.database
    statement = str(week.compile(database.engine, compile_kwargs={"literal_binds": True}))
    prefix = "explain " if database.dialect == "postgresql" else "explain query plan "
    async with database.writing() as session:
        if database.dialect == "postgresql":
            values = [column.name for column in table.columns if column.name not in {"tenant_id", "day"}]
            names = ", ".join(f'"{name}"' for name in values)
            await session.execute(sa.text(
                f"insert into {table.name} (tenant_id, day, {names}) select gen_random_uuid(), day::date, "
                f"{', '.join('0' for _ in values)} from generate_series(1, 300), "
                "generate_series(date '2026-01-01', date '2026-03-31', interval '1 day') as day"
            ))  # fmt: skip
            await session.execute(sa.text(f"analyze {table.name}"))
        plan = "\n".join(str(tuple(row)) for row in (await session.execute(sa.text(prefix + statement))).all())
    assert "Seq Scan" not in plan
    assert "SCAN" not in plan
    assert ("Index" in plan) or ("USING PRIMARY KEY" in plan) or ("USING INDEX" in plan), plan


REPORTS = (
    "/tenant/{}/analytics",
    "/tenant/{}/analytics/today",
    "/analytics/api/v1/trend",
    "/analytics/api/v1/trend?interval=hour",
    "/analytics/api/v1/breakdown/page",
    "/analytics/api/v1/breakdown/page?contains=a&order=call",
    "/analytics/api/v1/funnel",
    "/analytics/api/v1/revenue",
    "/analytics/api/v1/drops",
)
TABLES = (
    *(rollup_table(EVENTS, kind) for kind in (DayCount, QuarterCount, Breakdown, Revenue)),
    rollup_table(BOTS, BotDay),
    rollup_table(bind("landing-analytics", streams)[2], DropDay),
)
KEYS = {
    "tenant_id": "tenant",
    "day": "(date '2026-01-01' + n)",
    "at": "(timestamptz '2026-01-01' + n * interval '6 hours')",
    "dimension": "'page'",
    "value": "md5(n::text)",
}
CROWD = "(select gen_random_uuid() as tenant from generate_series(1, 200)) as tenants, generate_series(1, 90) as n"


async def crowd(database) -> None:
    """Rows of many other tenants, so that a scan would be dear and the planner knows it."""
    async with database.writing() as session:
        for table in TABLES:
            values = ", ".join(KEYS.get(one.name, "'0'") for one in table.columns)
            names = ", ".join(f'"{one.name}"' for one in table.columns)
            await session.execute(sa.text(f"insert into {table.name} ({names}) select {values} from {CROWD}"))
            await session.execute(sa.text(f"analyze {table.name}"))


async def test_reports_read_counts_by_their_key_and_never_an_event(street, shop):
    """Each statement that a report sends is explained by the database itself; ten million events cost none of them."""
    database = street.running.database
    if database.dialect == "postgresql":
        await crowd(database)
    await shop.track("pageview", metadata={"page": "/a"})
    await shop.counted()
    sent = []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        sent.append((statement, parameters))

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        for path in REPORTS:
            assert (await shop.read(path)).status_code == 200, path
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)
    names = [table.name for table in TABLES]
    reads = [one for one in sent if one[0].startswith("SELECT") and any(name in one[0] for name in names)]
    assert len(reads) >= len(REPORTS)
    assert not [one for one, _ in sent if "landing_analytics_events" in one or "landing_analytics_bots" in one]
    prefix = "explain " if database.dialect == "postgresql" else "explain query plan "
    async with database.engine.connect() as connection:
        for statement, parameters in reads:
            plan = "\n".join(map(str, await connection.exec_driver_sql(prefix + statement, parameters)))
            assert "Seq Scan" not in plan, plan
            assert "SCAN landing" not in plan, plan
