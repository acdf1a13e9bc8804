"""The ledger against the tables: lost, duplicated, miscounted."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from uuid import UUID

import sqlalchemy as sa
from tests.torture.client import Ledger

from frontage.base.database import Database
from frontage.intake.stream import bind
from frontage.intake.tables import rollup_table, stream_table
from frontage_kitchen_sink.streams import TasteCount, streams

(TASTES,) = bind("kitchen-sink", streams)
TABLE, COUNTS = TASTES.table, TASTES.rollup_table(TasteCount)
events, counts = stream_table(TASTES), rollup_table(TASTES, TasteCount)


@dataclass
class Result:
    """A row of the table that is printed."""

    fault: str
    rounds: int
    acknowledged: int
    lost: int
    duplicated: int
    miscounted: int
    unbalanced: int
    note: str = ""

    @property
    def good(self) -> bool:
        return self.acknowledged > 0 and not (self.lost or self.duplicated or self.miscounted or self.unbalanced)


async def counted(url: str) -> None:
    """Wait until nothing is left to count."""
    database = Database(url)
    async with asyncio.timeout(120):
        while True:
            async with database.reading() as session:
                if not (await session.execute(sa.text("select count(*) from intake_outbox"))).scalar():
                    break
            await asyncio.sleep(0.1)
    await database.close()


async def compare(url: str, ledger: Ledger, fault: str, rounds: int, unbalanced: int, note: str) -> Result:
    """The ledger against what is there."""
    database = Database(url)
    async with database.reading() as session:
        stored = [(row[0], row[1]) for row in await session.execute(sa.select(events.c.tenant_id, events.c.id))]
        told = (await session.execute(sa.select(sa.func.sum(counts.c.tastes)))).scalar() or 0
        wrong = (await session.execute(sa.text(_DIFFERENCE))).scalar()
    await database.close()
    there: set[tuple[UUID, UUID]] = set(stored)
    return Result(
        fault,
        rounds,
        len(ledger.acknowledged),
        len(ledger.acknowledged - there),
        len(stored) - len(there),
        abs(told - len(stored)) + (wrong or 0),
        unbalanced,
        note,
    )


@dataclass
class Draining:
    """How what was spooled came into the database, on PostgreSQL."""

    transactions: int
    out_of_order: int
    new_meanwhile: int
    """Events that were received later and stored before the last one from the spool."""


async def draining(url: str, since: datetime, until: datetime) -> Draining:
    """In which order the events received in a span were stored: each row tells its transaction."""
    database = Database(url)
    span = {"since": since, "until": until}
    async with database.reading() as session:
        portions = list(await session.execute(sa.text(_PORTIONS), span))
        last = max((row.transaction for row in portions), default=0)
        new = (await session.execute(sa.text(_NEW_MEANWHILE), {"until": until, "last": last})).scalar() or 0
    await database.close()
    wrong = sum(before.latest > after.earliest for before, after in pairwise(portions))
    return Draining(len(portions), wrong, new)


_PORTIONS = f"""
select xmin::text::bigint as transaction, min(received) as earliest, max(received) as latest from {TABLE}
where received between :since and :until group by 1 order by 1
"""
_NEW_MEANWHILE = f"select count(*) from {TABLE} where received > :until and xmin::text::bigint < :last"
_DIFFERENCE = f"""
select count(*) from (
    select tenant_id, dish, count(*) as n from {TABLE} group by tenant_id, dish
) raw full join (
    select tenant_id, dish, sum(tastes) as n from {COUNTS} group by tenant_id, dish
) told using (tenant_id, dish) where raw.n is distinct from told.n
"""
