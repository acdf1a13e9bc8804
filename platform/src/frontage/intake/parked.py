"""Batches whose rollup raised too often: they wait in the outbox, with the reason, until somebody lets them go on."""

from dataclasses import dataclass

import sqlalchemy as sa

from frontage.base.database import Database
from frontage.intake.tables import outbox


@dataclass(frozen=True, slots=True)
class Parked:
    """A batch that is stored and not counted."""

    stream: str
    events: int
    reason: str


async def parked_rows(database: Database, *, stream: str | None = None) -> list[Parked]:
    """What is parked, oldest first."""
    query = sa.select(outbox.c.stream, outbox.c.size, sa.func.coalesce(outbox.c.reason, "")).order_by(outbox.c.id)
    async with database.reading() as session:
        return [Parked(*row) for row in await session.execute(query.where(*_chosen(stream)))]


async def release(database: Database, *, stream: str | None = None) -> int:
    """Let what is parked be counted again, as often as at first; gives how many batches there were."""
    fresh = {"parked": False, "attempts": 0, "retry_at": None}
    async with database.writing() as session:
        released = await session.execute(
            sa.update(outbox).where(*_chosen(stream)).values(**fresh).returning(outbox.c.id)
        )
        return len(released.all())


def _chosen(stream: str | None) -> list[sa.ColumnElement[bool]]:
    return [outbox.c.parked, *([] if stream is None else [outbox.c.stream == stream])]
