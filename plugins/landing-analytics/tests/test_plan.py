"""The dashboard reads seven rows by their key, however many there are."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from frontage.intake.stream import bind
from frontage.intake.tables import rollup_table
from frontage_landing_analytics.rollups import DayCount
from frontage_landing_analytics.streams import streams

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
