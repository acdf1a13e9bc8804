"""Rules about a plugin's tables as its models say them."""

from collections.abc import Iterator

from sqlalchemy import Table

from frontage.plugin.models import is_reference
from frontage.testing.rule import Finding, rule
from frontage.testing.subject import Subject


@rule(
    "tables-belong",
    "Its tables carry its prefix; each row has its tenant's id first in its key and goes when the tenant goes, "
    "or is reference data and speaks of no tenant.",
    reason="By the prefix it can be migrated and purged alone, by the key every query stays within one tenant.",
)
def tables_belong(subject: Subject) -> Iterator[Finding]:
    """Look at names, primary keys and foreign keys."""
    prefix = subject.entry.declared.table_prefix
    for table in subject.tables:
        if not table.name.startswith(prefix):
            yield Finding(f"The table {table.name} lacks the prefix {prefix}.", f"Name it {prefix}{table.name}.")
        if is_reference(table):
            if any(key.target_fullname.startswith("core_") for key in table.foreign_keys) or "tenant_id" in table.c:
                yield Finding(f"{table.name} is reference data and speaks of tenants.", "Derive it from Model.")
            continue
        if [column.name for column in table.primary_key][:1] != ["tenant_id"]:
            yield Finding(f"The key of {table.name} does not begin with tenant_id.", "Derive it from Model.")
        if not _cascades(table):
            fix = 'Derive it from Model, or give tenant_id ForeignKey("core_tenant.id", ondelete="CASCADE").'
            yield Finding(f"The rows of {table.name} stay when their tenant goes.", fix)


def _cascades(table: Table) -> bool:
    column = table.columns.get("tenant_id")
    keys = () if column is None else column.foreign_keys
    return any(key.target_fullname == "core_tenant.id" and (key.ondelete or "").upper() == "CASCADE" for key in keys)
