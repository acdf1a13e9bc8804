"""Everything of one tenant as lines of JSON: first its definition, then every row of every table that has its id."""

from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncSession

from frontage.base.ids import to_short
from frontage.tenants.definition import TenantDefinition

SECRET = "secret"  # noqa: S105 - the name of a mark
"""A column whose `info` has this key is never exported."""
_ROWS_AT_A_TIME = 500


async def export_tenant(
    session: AsyncSession, definition: TenantDefinition, tables: Iterable[Table]
) -> AsyncIterator[bytes]:
    """Lines `{"tenant": {…}}`, then `{"table": …, "row": {…}}`; a few hundred rows are in memory at a time."""
    yield _line({"tenant": public_definition(definition)})
    for table in tables:
        columns = [column for column in table.columns if SECRET not in column.info]
        statement = select(*columns).where(table.c.tenant_id == definition.id).order_by(*table.primary_key)
        rows = await session.stream(statement.execution_options(yield_per=_ROWS_AT_A_TIME))
        async for row in rows:
            values = {str(column.name): _public(value) for column, value in zip(columns, row, strict=True)}
            yield _line({"table": str(table.name), "row": values})


def public_definition(definition: TenantDefinition) -> dict[str, Any]:
    """A definition as JSON shows it."""
    members: dict[str, Any] = msgspec.to_builtins(definition)
    return {**members, "id": to_short(definition.id) if definition.id else None}


def _line(record: dict[str, Any]) -> bytes:
    return msgspec.json.encode(record) + b"\n"


def _public(value: Any) -> Any:
    """Ids in their public form, moments with their offset; msgspec writes bytes as base64 and decimals as text."""
    match value:
        case UUID():
            return to_short(value)
        case datetime():
            return value.isoformat()
    return value
