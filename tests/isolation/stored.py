"""What the tables hold of one shop, in one statement: cheap enough to look before and after every operation."""

from typing import Any
from uuid import UUID

from sqlalchemy import Column, Table, Text, cast, func, literal, select, union_all

from frontage.base.database import Database


class Stored:
    """All rows of a shop, but for when its keys were used, which is noted now and then."""

    def __init__(self, database: Database, tables: list[Table], tenant_id: UUID) -> None:
        self._database = database
        parts = [self._of_table(table, tenant_id) for table in tables]
        words: Any = {"literal_binds": True}
        self._statement = str(union_all(*parts).compile(database.engine, compile_kwargs=words))

    async def look(self) -> list[tuple[str, str]]:
        """Every row as one text, beside the name of its table."""
        async with self._database.reading() as session:
            found = await (await session.connection()).exec_driver_sql(self._statement)
            return sorted((name, row) for name, row in found)

    def _of_table(self, table: Table, tenant_id: UUID) -> Any:
        shown = [self._shown(one) for one in table.columns if not one.name.startswith("last_used")]
        row = shown[0]
        for text in shown[1:]:
            row = row.concat(text)
        return select(literal(table.name, Text), row).where(table.c.tenant_id == tenant_id)

    def _shown(self, column: Column[Any]) -> Any:
        if self._database.dialect == "sqlite":
            return func.quote(column, type_=Text)
        return func.quote_nullable(cast(column, Text), type_=Text)
