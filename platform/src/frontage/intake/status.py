"""What waits where: for the operator's eye."""

import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

from frontage.base.database import Database
from frontage.intake.spool import SUFFIX
from frontage.intake.stream import BoundStream
from frontage.intake.tables import dead_letter, outbox, stream_table


@dataclass(frozen=True, slots=True)
class Standing:
    """How one stream stands."""

    stream: str
    uncounted: int
    parked: int
    dead: int
    spooled: int


async def standing(database: Database, streams: Sequence[BoundStream], data_dir: Path) -> list[Standing]:
    """How every stream stands, those of plugins that are gone included; spools are those of this host."""
    spooled = _spooled(data_dir / "spool")
    sizes = sa.select(outbox.c.stream, outbox.c.parked, sa.func.sum(outbox.c.size)).group_by(
        outbox.c.stream, outbox.c.parked
    )
    letters = sa.select(dead_letter.c.stream, sa.func.count()).group_by(dead_letter.c.stream)
    async with database.reading() as session:
        waiting = {(row[0], bool(row[1])): int(row[2]) for row in await session.execute(sizes)}
        dead = {row[0]: int(row[1]) for row in await session.execute(letters)}
    labels = {stream.label for stream in streams} | {label for label, _parked in waiting} | {*dead, *spooled}
    return [
        Standing(
            label, waiting.get((label, False), 0), waiting.get((label, True), 0), dead.get(label, 0), spooled[label]
        )
        for label in sorted(labels)
    ]


async def tenants_of(database: Database, stream: BoundStream) -> list[UUID]:
    """The tenants that have rows in a stream."""
    table = stream_table(stream)
    async with database.reading() as session:
        return list((await session.execute(sa.select(table.c.tenant_id).distinct())).scalars())


def _spooled(folder: Path) -> Counter[str]:
    """Events in the spools of a folder; reading does not disturb the workers that they belong to."""
    found: Counter[str] = Counter()
    for path in folder.glob(f"*{SUFFIX}") if folder.is_dir() else []:
        try:
            connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
            found.update(dict(connection.execute("select stream, sum(size) from record group by stream").fetchall()))
            connection.close()
        except sqlite3.Error:
            # A worker was just about to remove it.
            continue
    return found
