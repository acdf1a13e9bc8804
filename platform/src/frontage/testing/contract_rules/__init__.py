"""The rules of the contract, by theme; a function under `@rule` in one of these modules is a rule."""

from frontage.testing.contract_rules import (
    declaration,
    documents,
    hostility,
    limits,
    logs,
    migrations,
    package,
    rows,
    service,
    tables,
    tenancy,
)
from frontage.testing.rule import rules_of

DECLARED_RULES = rules_of(declaration, package, tables, documents)
"""Those that look at what is declared; their checks take a Subject."""
SERVED_RULES = rules_of(migrations, service, tenancy, rows, limits, hostility, logs)
"""Those that watch the plugin serve, on each database; their checks take a Scene."""
