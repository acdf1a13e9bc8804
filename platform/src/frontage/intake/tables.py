"""The tables: intake's own, and those that a plugin's migration makes for a stream and for its rollups."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

import sqlalchemy as sa

from frontage.base.clock import utc_now
from frontage.base.tables import Table, UtcDateTime
from frontage.intake.rows import event_columns, rollup_columns
from frontage.intake.stream import BoundStream, Event, Rollup, key_fields

OUTBOX = "intake_outbox"
DEAD = "intake_dead_letter"
BATCH = "intake_batch"
ERASED = "intake_erased"
DAYS_AHEAD = 8
"""How far ahead partitions are made: a client's clock may be a day ahead, a deployment may sleep for a week."""

_PARTITION = re.compile(r"[a-z0-9_]+_(?:default|[0-9]{8})")

metadata = Table.metadata
"""Where intake's own tables stand beside the mapped ones, as the newest revision leaves them."""

outbox = sa.Table(
    OUTBOX,
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(), primary_key=True),
    sa.Column("stream", sa.Text, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("fresh", sa.ARRAY(sa.Integer).with_variant(sa.Text(), "sqlite")),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("attempts", sa.SmallInteger, nullable=False, server_default="0"),
    sa.Column("retry_at", sa.Double),
    sa.Column("parked", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("reason", sa.Text),
    sa.Index("ix_intake_outbox_stream", "stream", "id"),
)
dead_letter = sa.Table(
    DEAD,
    metadata,
    sa.Column("stream", sa.Text, primary_key=True),
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime(), nullable=False),
)
batch = sa.Table(
    BATCH,
    metadata,
    sa.Column("stream", sa.Text, primary_key=True),
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("at", sa.Double, nullable=False),
)
erased = sa.Table(
    ERASED,
    metadata,
    sa.Column("tenant_id", sa.Uuid, primary_key=True),
    sa.Column("at", UtcDateTime(), nullable=False),
)


class Operations(Protocol):
    """What a revision's `op` offers."""

    def create_table(self, table_name: str, *columns: Any, **kw: Any) -> Any:
        """Make a table."""

    def execute(self, sqltext: Any) -> Any:
        """Run a statement."""

    def get_bind(self) -> Any:
        """The connection."""


def create_stream_table(op: Operations, name: str, row: type[Event]) -> None:
    """Make the table of a stream, on PostgreSQL partitioned by UTC day. Give a copy of the row's Struct."""
    columns = _stream_columns(row)
    if op.get_bind().dialect.name == "sqlite":
        op.create_table(name, *columns, sqlite_with_rowid=False)
        return
    op.create_table(name, *columns, postgresql_partition_by="RANGE (utc_day)")
    op.execute(sa.text(f"create table {name}_default partition of {name} default"))
    today = utc_now().date()
    for offset in range(-1, DAYS_AHEAD + 1):
        op.execute(sa.text(partition_statement(name, today + timedelta(days=offset))))


def create_rollup_table(op: Operations, name: str, kind: type[Rollup]) -> None:
    """Make the table of a rollup; its key is the tenant and the fields without a default."""
    op.create_table(name, *_rollup_columns(kind))


def partition_statement(table: str, day: date) -> str:
    """The statement that makes one day's partition."""
    after = day + timedelta(days=1)
    name = partition_name(table, day)
    return f"create table if not exists {name} partition of {table} for values from ('{day}') to ('{after}')"


def partition_name(table: str, day: date) -> str:
    """The name of one day's partition; short enough for PostgreSQL's 63 characters with a long table name."""
    return f"{table}_{day:%Y%m%d}"


def stream_table(bound: BoundStream, into: sa.MetaData | None = None) -> sa.Table:
    """The table of a stream, for reading."""
    return _table(bound.table, into, _stream_columns(bound.stream.row))


def rollup_table(bound: BoundStream, kind: type[Rollup], into: sa.MetaData | None = None) -> sa.Table:
    """The table of a rollup, for reading."""
    return _table(bound.rollup_table(kind), into, _rollup_columns(kind))


def tables_of_stream(bound: BoundStream, into: sa.MetaData | None = None) -> list[sa.Table]:
    """The table of a stream's rows, unless it keeps none, and those of its rollups."""
    kept = [stream_table(bound, into)] if bound.stream.keep else []
    return [*kept, *(rollup_table(bound, kind, into) for kind in bound.rollups)]


def _table(name: str, into: sa.MetaData | None, columns: list[sa.Column[Any]]) -> sa.Table:
    home = sa.MetaData() if into is None else into
    return home.tables[name] if name in home.tables else sa.Table(name, home, *columns)


def _stream_columns(row: type[Event]) -> list[sa.Column[Any]]:
    return [column.table_column(primary_key=at < 3) for at, column in enumerate(event_columns(row))]


def _rollup_columns(kind: type[Rollup]) -> list[sa.Column[Any]]:
    keys = {"tenant_id", *key_fields(kind)}
    return [column.table_column(primary_key=column.name in keys) for column in rollup_columns(kind)]


def day_of_partition(table: str, partition: str) -> date | None:
    """The day of a partition, by its name; None for the default one."""
    suffix = partition.removeprefix(f"{table}_")
    return datetime.strptime(suffix, "%Y%m%d").replace(tzinfo=UTC).date() if suffix.isdigit() else None


def is_partition(name: str) -> bool:
    """Whether a table is a partition of a stream's: made here, not by a revision, and gone with its parent."""
    return _PARTITION.fullmatch(name) is not None
