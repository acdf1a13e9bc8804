"""The ledger against the tables: lost, duplicated, miscounted."""

import asyncio
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from tests.torture.client import Ledger

from frontage.base.database import Database
from frontage.intake.stream import bind
from frontage.intake.tables import dead_letter, rollup_table, stream_table
from frontage_kitchen_sink.streams import TasteCount, streams

(TASTES,) = bind("kitchen-sink", streams)
TABLE, COUNTS = TASTES.table, TASTES.rollup_table(TasteCount)
events, counts = stream_table(TASTES), rollup_table(TASTES, TasteCount)


P99_MS, LIVE_MS = 250, 50
"""How long a request may take while its database is away, and how long the server may hold its loop."""
BUSY = 0.1
"""Above this part of the time in line for a processor, the machine is too busy to judge milliseconds."""


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
    p99: float | None = None
    """Milliseconds; where the bar of an outage holds."""
    live: float | None = None
    """Milliseconds of the slowest pulse that were the server's own."""
    busy: float = 0.0
    note: str = ""
    broken: list[str] = field(default_factory=list)
    """Other promises that were not kept, in words."""

    @property
    def good(self) -> bool:
        """Whether nothing was lost or told wrongly, and nothing else was broken."""
        wrong = self.lost or self.duplicated or self.miscounted or self.unbalanced or self.broken
        return self.acknowledged > 0 and not wrong

    @property
    def slow(self) -> bool:
        """Whether a bar of milliseconds was missed."""
        return (self.p99 or 0) > P99_MS or (self.live or 0) > LIVE_MS

    @property
    def verdict(self) -> str:
        """In a word."""
        if not self.good:
            return "FAILED"
        if not self.slow:
            return "ok"
        return "TOO SLOW" if self.busy < BUSY else f"not judged: {self.busy:.0%} of the time in line for a processor"


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


async def nothing_of(url: str, tenant: UUID, data_dir: Path) -> None:
    """Wait until neither a table nor the outbox nor a spool holds anything of a tenant."""
    database = Database(url)
    async with asyncio.timeout(150):
        while await _something_of(database, tenant) or _spooled_of(data_dir / "spool", tenant):  # noqa: ASYNC110 - the answer is on the disk
            await asyncio.sleep(0.5)
    await database.close()


def _spooled_of(folder: Path, tenant: UUID) -> bool:
    for path in folder.glob("*.spool"):
        with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as spool:
            if any(tenant.bytes in payload for (payload,) in spool.execute("select payload from record")):
                return True
    return False


async def _something_of(database: Database, tenant: UUID) -> bool:
    async with database.reading() as session:
        for table in (events, counts, dead_letter):
            if (await session.execute(sa.select(table.c.tenant_id).where(table.c.tenant_id == tenant).limit(1))).all():
                return True
        payloads = (await session.execute(sa.text("select payload from intake_outbox"))).scalars()
        return any(tenant.bytes in payload for payload in payloads)


async def compare(url: str, ledger: Ledger, fault: str, rounds: int, unbalanced: int, note: str) -> Result:
    """The ledger against what is there."""
    database = Database(url)
    async with database.reading() as session:
        stored = [(row[0], row[1]) for row in await session.execute(sa.select(events.c.tenant_id, events.c.id))]
        told = (await session.execute(sa.select(sa.func.sum(counts.c.tastes)))).scalar() or 0
        wrong = (await session.execute(sa.text(_DIFFERENCE))).scalar()
    await database.close()
    there: set[tuple[UUID, UUID]] = set(stored)
    wanted = {known for known in ledger.acknowledged if known[0] not in ledger.gone}
    back = sum(tenant in ledger.gone for tenant, _id in stored)
    return Result(
        fault,
        rounds,
        len(ledger.acknowledged),
        lost=len(wanted - there),
        duplicated=len(stored) - len(there),
        miscounted=int(abs(told - len(stored)) + (wrong or 0) + back),
        unbalanced=unbalanced,
        note=note,
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
