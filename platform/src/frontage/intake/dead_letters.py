"""Events that a database refused: kept as text with the reason, to be looked at and tried again."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from frontage.base.database import Database
from frontage.intake.batch import Batch, DeadLetter, pack
from frontage.intake.rows import twin
from frontage.intake.sink import Sink
from frontage.intake.stream import BoundStream, Event
from frontage.intake.tables import dead_letter as table

_LONGEST_REASON = 500


def dead_letter(event: Event, reason: str) -> DeadLetter:
    """An event as a dead letter. ASCII text with escapes is taken by every database, whatever was in the event."""
    return DeadLetter(
        event.tenant, event.id, _plain(reason), json.dumps(_builtins(event), ensure_ascii=True, default=str)
    )


def _builtins(event: Event) -> dict[str, Any]:
    return {name: _builtin(getattr(event, name)) for name in event.__struct_fields__}


def _builtin(value: Any) -> Any:
    try:
        return msgspec.to_builtins(value)
    except (TypeError, ValueError, RecursionError):
        return repr(value)


def _plain(text: str) -> str:
    first = text.strip().splitlines()[0] if text.strip() else "refused"
    return first.encode("ascii", "backslashreplace").decode().replace("\x00", "\\x00")[:_LONGEST_REASON]


@dataclass(frozen=True, slots=True)
class Buried:
    """A dead letter as it lies in its table."""

    stream: str
    tenant: UUID
    id: UUID
    reason: str
    payload: str


async def buried(database: Database, *, stream: str | None = None, limit: int | None = None) -> list[Buried]:
    """The dead letters, oldest first."""
    query = sa.select(table.c.stream, table.c.tenant_id, table.c.id, table.c.reason, table.c.payload)
    query = query.order_by(table.c.at, table.c.id).limit(limit)
    if stream is not None:
        query = query.where(table.c.stream == stream)
    async with database.reading() as session:
        return [Buried(*row) for row in (await session.execute(query)).all()]


async def retry(
    database: Database, streams: Sequence[BoundStream], sinks: Mapping[str, Sink], letters: Sequence[Buried]
) -> AsyncIterator[tuple[Buried, str | None]]:
    """Try to store dead letters again; gives each with None when it is stored, or with what is still wrong."""
    rows = {stream.label: stream.stream.row for stream in streams}
    for letter in letters:
        if letter.stream not in rows:
            yield letter, "no installed plugin has this stream"
            continue
        wrong = await _store_again(rows[letter.stream], sinks[letter.stream], letter)
        if wrong is None:
            async with database.writing() as session:
                here = (table.c.stream == letter.stream, table.c.tenant_id == letter.tenant, table.c.id == letter.id)
                await session.execute(sa.delete(table).where(*here))
        yield letter, wrong


async def _store_again(row: type[Event], sink: Sink, letter: Buried) -> str | None:
    try:
        event = msgspec.convert(json.loads(letter.payload), type=twin(row))
        packed = pack(event)
    except (ValueError, TypeError) as error:
        return str(error)
    outcome = await sink.store(Batch([event], [packed]))
    return "the database refuses it still" if outcome.dead else None
