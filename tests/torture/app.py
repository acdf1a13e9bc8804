"""The server under torture: an ingest route on intake, as a plugin's hot route would be; run as `python -m tests.torture.app`."""

import asyncio
import io
import os
import sys
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

import msgspec
import sqlalchemy as sa
import uvicorn
from alembic.migration import MigrationContext
from alembic.operations import Operations
from prometheus_client import CollectorRegistry, generate_latest

from frontage.base.database import Database
from frontage.base.logs import configure_logs
from frontage.intake.count import count
from frontage.intake.errors import IntakeRefusedError
from frontage.intake.intake import Intake
from frontage.intake.limits import Limits
from frontage.intake.stream import Event, Rollup, Stream, bind, id_from
from frontage.intake.tables import BATCH, DEAD, ERASED, OUTBOX, create_rollup_table, create_stream_table, metadata


class Stamp(Event):
    card: str


class StampCount(Rollup):
    day: date
    card: str
    stamps: int = 0


class StampIn(msgspec.Struct):
    id: str
    card: str
    at: datetime | None = None


class Body(msgspec.Struct):
    tenant: UUID
    events: list[StampIn]


STREAMS = bind("torture", [Stream("stamps", row=Stamp, rollup=count(StampCount, by=("day", "card"), stamps=1))])
TABLE, COUNTS = STREAMS[0].table, STREAMS[0].rollup_table(StampCount)


def make_tables(connection: sa.Connection) -> None:
    """What the host's migrations would have made."""
    metadata.create_all(connection, [metadata.tables[name] for name in (OUTBOX, DEAD, BATCH, ERASED)])
    with Operations.context(MigrationContext.configure(connection)) as op:
        create_stream_table(op, TABLE, Stamp)
        create_rollup_table(op, COUNTS, StampCount)


class Application:
    """POST /events, GET /metrics, GET /health/live."""

    def __init__(self, intake: Intake) -> None:
        self.intake = intake
        self.registry = CollectorRegistry()
        self.decode = msgspec.json.Decoder(Body).decode

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            return await self.lifespan(receive, send)
        if scope["path"] == "/metrics":
            return await answer(send, 200, generate_latest(self.registry))
        if scope["path"] == "/tasks":
            return await answer(send, 200, told_tasks().encode())
        if scope["path"] == "/health/live":
            return await answer(send, 200, b"ok")
        body = self.decode(await read(receive))
        try:
            await self.intake.accept([event_of(one) for one in body.events], tenant=body.tenant)
        except IntakeRefusedError as refused:
            return await answer(send, 503, refused.reason.encode())
        return await answer(send, 204, b"")

    async def lifespan(self, receive, send):
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self.intake.start()
                self.registry.register(self.intake)
            else:
                await self.intake.stop()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return


def event_of(one: StampIn) -> Stamp:
    if one.at is None:
        return Stamp(id=id_from(one.id), card=one.card)
    return Stamp(id=id_from(one.id), card=one.card, occurred=one.at)


def told_tasks() -> str:
    """Where every task stands: for a server that does not settle."""
    output = io.StringIO()
    for task in asyncio.all_tasks():
        task.print_stack(file=output)
    return output.getvalue()


async def read(receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


async def answer(send, status, body):
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": body})


def main() -> None:
    url, data_dir, worker, port = sys.argv[1:5]
    configure_logs()
    limits = Limits(**msgspec.json.decode(os.environ.get("TORTURE_LIMITS", "{}")))
    application = Application(Intake(Database(url), Path(data_dir), STREAMS, worker=worker, limits=limits))
    config = uvicorn.Config(
        application, port=int(port), log_level="error", access_log=False, lifespan="on", loop="uvloop"
    )
    uvicorn.Server(config).run()


if __name__ == "__main__":
    main()
