"""Every statement of intake, one function or constant each. PostgreSQL takes arrays, SQLite takes a row at a time."""

from collections.abc import Sequence

from frontage.intake.rows import Column
from frontage.intake.tables import BATCH, DEAD, ERASED, OUTBOX

TAKE_LOCK = "select pg_try_advisory_xact_lock($1)"

POSTGRES_BOX = f"insert into {OUTBOX} (stream, size, payload, created_at) values ($1, $2, $3, $4) returning id"  # noqa: S608
SQLITE_BOX = f"insert into {OUTBOX} (stream, size, payload, created_at) values (?, ?, ?, ?)"  # noqa: S608

POSTGRES_BOX_ONCE = f"""
with batch as (insert into {BATCH} (stream, id, at) values ($1, $2, $5) on conflict do nothing returning id)
insert into {OUTBOX} (stream, size, payload, created_at) select $1, $3, $4, $5 from batch returning id
"""  # noqa: S608
SQLITE_BATCH = f"insert into {BATCH} (stream, id, at) values (?, ?, ?) on conflict do nothing"  # noqa: S608

POSTGRES_DEAD = f"""
insert into {DEAD} (stream, tenant_id, id, reason, payload, at)
select $1, dead.*, now() from unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[]) as dead on conflict do nothing
"""  # noqa: S608
SQLITE_DEAD = f"""
insert into {DEAD} (stream, tenant_id, id, reason, payload, at)
values (?, ?, ?, ?, ?, strftime('%Y-%m-%d %H:%M:%f000', 'now')) on conflict do nothing
"""  # noqa: S608

# The window takes rows up to a number of events; the first is always taken. The lock is a statement of its own
# before this one, so that this one's snapshot holds everything that an earlier holder of the lock has done.
POSTGRES_TAKE = f"""
delete from {OUTBOX} where id = any(array(
    select id from (
        select id, sum(size) over (order by id) - size as before from (
            select id, size from {OUTBOX}
            where stream = $1 and not parked and (retry_at is null or retry_at <= $2) order by id limit $3
        ) as oldest
    ) as counted where before < $4
)) returning id, size, payload, fresh, created_at, attempts
"""  # noqa: S608
SQLITE_PEEK = f"""
select id, size, payload, null, created_at, attempts from (
    select *, sum(size) over (order by id) - size as before from (
        select * from {OUTBOX}
        where stream = ? and not parked and (retry_at is null or retry_at <= ?) order by id limit ?
    )
) where before < ? order by id
"""  # noqa: S608
SQLITE_REMOVE = f"delete from {OUTBOX} where id = ?"  # noqa: S608

POSTGRES_POSTPONE = f"""
update {OUTBOX} set attempts = $2, retry_at = $3, parked = $4, reason = $5 where id = any($1::bigint[])
"""  # noqa: S608
SQLITE_POSTPONE = f"update {OUTBOX} set attempts = ?, retry_at = ?, parked = ?, reason = ? where id = ?"  # noqa: S608

POSTGRES_ERASED = f"select tenant_id from {ERASED} where tenant_id = any($1::uuid[])"  # noqa: S608


def _names(columns: Sequence[Column]) -> str:
    return ", ".join(f'"{column.name}"' for column in columns)


def _arrays(columns: Sequence[Column], first: int) -> str:
    return ", ".join(f"${at}::{column.postgres_type}[]" for at, column in enumerate(columns, first))


def postgres_insert(table: str, columns: Sequence[Column]) -> str:
    """Insert sorted rows in one statement with their outbox row, which tells the rows that were really new.

    $1 stream, $2 rows given, $3 the packed rows, $4 now, then an array a column; gives the number of new rows, and the
    id of the outbox row.
    `fresh` is null only when every row is new: an empty aggregate is null as well, so no new row means no outbox row.
    """
    names = _names(columns)
    return f"""
    with given as (
        select * from unnest({_arrays(columns, 5)}) with ordinality as given ({names}, ordinal)
    ), fresh as (
        insert into {table} ({names}) select {names} from given order by ordinal
        on conflict do nothing returning tenant_id, utc_day, id
    ), box as (
        insert into {OUTBOX} (stream, size, payload, created_at, fresh)
        select $1, count(*), $3, $4, case when count(*) < $2 then (
            select array_agg(ordinal::int - 1) from given join fresh using (tenant_id, utc_day, id)
        ) end
        from fresh having count(*) > 0 and $3::bytea is not null
        returning id
    )
    select count(*), (select id from box) from fresh
    """  # noqa: S608


def sqlite_insert(table: str, columns: Sequence[Column]) -> str:
    """Insert one row unless it is there."""
    return f"insert into {table} ({_names(columns)}) values ({_marks(columns)}) on conflict do nothing"  # noqa: S608


def _marks(columns: Sequence[Column]) -> str:
    return ", ".join("?" * len(columns))


def _source(columns: Sequence[Column], dialect: str) -> str:
    if dialect == "sqlite":
        return f"values ({_marks(columns)})"
    return f"select * from unnest({_arrays(columns, 1)})"  # noqa: S608


def add(table: str, columns: Sequence[Column], keys: Sequence[str], dialect: str) -> str:
    """Add numbers to rows, or make those."""
    sums = ", ".join(_sum(table, column, dialect) for column in _values(columns, keys))
    return f"""
    insert into {table} ({_names(columns)}) {_source(columns, dialect)}
    on conflict ({_key_names(keys)}) do update set {sums}
    """


def _sum(table: str, column: Column, dialect: str) -> str:
    name = f'"{column.name}"'
    if column.kind == "decimal" and dialect == "sqlite":
        return f"{name} = decimal_add({table}.{name}, excluded.{name})"
    return f"{name} = {table}.{name} + excluded.{name}"


def put(table: str, columns: Sequence[Column], keys: Sequence[str], dialect: str) -> str:
    """Make rows, in place of those with their keys."""
    changes = ", ".join(f'"{column.name}" = excluded."{column.name}"' for column in _values(columns, keys))
    action = f"update set {changes}" if changes else "nothing"
    return f"""
    insert into {table} ({_names(columns)}) {_source(columns, dialect)}
    on conflict ({_key_names(keys)}) do {action}
    """


def claim(table: str, columns: Sequence[Column], keys: Sequence[str], dialect: str) -> str:
    """Make rows whose key is free, and give the keys of those."""
    return f"""
    insert into {table} ({_names(columns)}) {_source(columns, dialect)}
    on conflict do nothing returning {_key_names(keys)}
    """


def fetch(table: str, columns: Sequence[Column], keys: Sequence[Column], dialect: str) -> str:
    """Rows by their keys."""
    if dialect == "sqlite":
        where = " and ".join(f'"{key.name}" = ?' for key in keys)
        return f"select {_names(columns)} from {table} where {where}"  # noqa: S608
    names = ", ".join(f't."{column.name}"' for column in columns)
    given = ", ".join(f'"{key.name}"' for key in keys)
    return f"""
    select {names} from unnest({_arrays(keys, 1)}) as given ({given}) join {table} t using ({given})
    """  # noqa: S608


def remove(table: str, keys: Sequence[Column], dialect: str) -> str:
    """Delete rows by their keys."""
    if dialect == "sqlite":
        where = " and ".join(f'"{key.name}" = ?' for key in keys)
        return f"delete from {table} where {where}"  # noqa: S608
    given = ", ".join(f'"{key.name}"' for key in keys)
    same = " and ".join(f'{table}."{key.name}" = given."{key.name}"' for key in keys)
    return f"delete from {table} using unnest({_arrays(keys, 1)}) as given ({given}) where {same}"  # noqa: S608


def sizes(table: str, group: Sequence[Column], dialect: str) -> str:
    """How many rows there are for each of some parts of keys."""
    if dialect == "sqlite":
        where = " and ".join(f'"{key.name}" = ?' for key in group)
        return f"select count(*) from {table} where {where}"  # noqa: S608
    names = _key_names([key.name for key in group])
    return f"""
    select {names}, count(*) from unnest({_arrays(group, 1)}) as given ({names}) join {table} using ({names})
    group by {names}
    """  # noqa: S608


def _key_names(keys: Sequence[str]) -> str:
    return ", ".join(f'"{key}"' for key in keys)


def _values(columns: Sequence[Column], keys: Sequence[str]) -> list[Column]:
    return [column for column in columns if column.name not in keys]


POSTGRES_PARKED = f"select count(*) from {OUTBOX} where stream = $1 and parked"  # noqa: S608
SQLITE_PARKED = f"select count(*) from {OUTBOX} where stream = ? and parked"  # noqa: S608
SQLITE_ERASED = f"select 1 from {ERASED} where tenant_id = ?"  # noqa: S608
