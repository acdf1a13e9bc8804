"""Streams on real databases, and an intake that is always stopped and always balanced."""

import importlib.util
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

import frontage.intake.migrations
from frontage.base.database import Database
from frontage.base.ids import new_id
from frontage.intake.intake import Intake
from frontage.intake.limits import Limits
from frontage.intake.tables import create_rollup_table, create_stream_table

from .streams import streams

QUICK = Limits(poll_seconds=0.2, rollup_pause_seconds=0.01, budget_seconds=2.0)


def run_intake_revisions(op: Operations, step: str = "upgrade") -> None:
    folder = Path(next(iter(frontage.intake.migrations.__path__)))
    for path in sorted(folder.glob("0*.py"), reverse=step == "downgrade"):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        getattr(module, step)()


def make_tables(connection: sa.Connection, bound=streams) -> None:
    with Operations.context(MigrationContext.configure(connection)) as op:
        run_intake_revisions(op)
        for stream in bound:
            if stream.stream.keep:
                create_stream_table(op, stream.table, stream.stream.row)
            for kind in stream.rollups:
                create_rollup_table(op, stream.rollup_table(kind), kind)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    async with database.engine.begin() as connection:
        await connection.run_sync(make_tables)
    yield database
    await database.close()


@pytest.fixture
def tenant():
    return new_id()


@pytest.fixture
async def start_intake(tmp_path: Path):
    """Starts intakes; stops them afterwards and looks whether every event is accounted for."""
    started: list[Intake] = []

    async def start(database: Database, *, bound=streams, limits: Limits = QUICK, worker: str = "0", **more) -> Intake:
        intake = Intake(database, tmp_path, bound, worker=worker, limits=limits, **more)
        await intake.start()
        started.append(intake)
        return intake

    yield start
    for intake in started:
        if not intake.stopped:
            await intake.stop()
        for label, tally in intake._counters.items():
            assert tally.balanced, f"{label}: {tally}"
            assert tally.waiting == 0, f"{label}: {tally}"


@pytest.fixture
async def intake(database: Database, start_intake) -> Intake:
    return await start_intake(database)
