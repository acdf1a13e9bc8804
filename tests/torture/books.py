"""The ledger against the tables: lost, duplicated, miscounted."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from tests.torture.app import COUNTS, STREAMS, TABLE, StampCount, make_tables
from tests.torture.client import Ledger

from frontage.base.database import Database
from frontage.intake.tables import rollup_table, stream_table

events, counts = stream_table(STREAMS[0]), rollup_table(STREAMS[0], StampCount)


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


async def make(url: str) -> None:
    """Make the tables."""
    database = Database(url)
    async with database.engine.begin() as connection:
        await connection.run_sync(make_tables)
    await database.close()


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
        told = (await session.execute(sa.select(sa.func.sum(counts.c.stamps)))).scalar() or 0
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


_DIFFERENCE = f"""
select count(*) from (
    select tenant_id, card, count(*) as n from {TABLE} group by tenant_id, card
) raw full join (
    select tenant_id, card, sum(stamps) as n from {COUNTS} group by tenant_id, card
) told using (tenant_id, card) where raw.n is distinct from told.n
"""
