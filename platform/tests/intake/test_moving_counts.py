"""A rollup may take rows away when it counts their numbers elsewhere, and may count by the hour."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from frontage.base.database import Database
from frontage.intake.recount import recount
from frontage.intake.stream import Event, Rollup, Stream, bind, rule

from .asking import counted, moment
from .conftest import make_tables


class Visit(Event):
    page: str


class PageHour(Rollup):
    day: date
    hour: int
    page: str
    visits: int = 0


@rule(PageHour)
async def count_last_page(rows, tables):
    """Only the last page by name keeps a row; the others move to `others`, those of before as well."""
    for row in rows:
        day, hour = tables.hour(row.tenant, row.occurred)
        keys = [(row.tenant, day, hour, page) for page in "abc" if page < row.page]
        gone = await tables.fetch(PageHour, keys)
        await tables.remove(PageHour, keys)
        moved = [
            PageHour(tenant=one.tenant, day=one.day, hour=one.hour, page="others", visits=one.visits) for one in gone
        ]
        higher = await tables.fetch(PageHour, [(row.tenant, day, hour, page) for page in "abc" if page > row.page])
        page = "others" if higher else row.page
        await tables.add([*moved, PageHour(tenant=row.tenant, day=day, hour=hour, page=page, visits=1)])


BOUND = bind("moving", [Stream("visits", row=Visit, rollup=count_last_page)])


@pytest.fixture
async def database(database_url):
    database = Database(database_url)
    async with database.engine.begin() as connection:
        await connection.run_sync(lambda sync: make_tables(sync, BOUND))
    yield database
    await database.close()


async def test_rows_move_and_hours_are_the_tenants_own(database, start_intake, tenant):
    """Half past midnight in Kathmandu is hour 0 of the next day; what was removed is in the others; a recount agrees."""

    def zone(_tenant):
        return ZoneInfo("Asia/Kathmandu")

    intake = await start_intake(database, bound=BOUND, zone_of=zone)
    for page in "bacb":
        await intake.accept(Visit(page=page, occurred=moment("2026-03-28T18:45:00")), tenant=tenant)
        await counted(database)
    rows = await intake.rollups(tenant).rows(PageHour)
    told = {(row.day.isoformat(), row.hour, row.page): row.visits for row in rows}
    assert told == {("2026-03-29", 0, "c"): 1, ("2026-03-29", 0, "others"): 3}
    assert await recount(database, BOUND[0], tenant, zone) == []
