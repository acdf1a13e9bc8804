"""`frontage audit`: who created, revoked, rotated or applied what."""

import click
import msgspec

from frontage.app.account import AuditOut, audit_out
from frontage.cli.keys import find_tenant
from frontage.cli.operator import Operator
from frontage.tenants import audit as entries


@click.command()
@click.argument("tenant")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000), help="How many entries.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def audit(operator: Operator, tenant: str, limit: int, as_json: bool) -> None:
    """Print what was done to TENANT, the newest first."""

    async def work() -> list[AuditOut]:
        async with operator.open_database() as database, database.reading() as session:
            row = await find_tenant(session, tenant)
            return [audit_out(one) for one in await entries.newest(session, row.id, limit=limit)]

    found = operator.run(work())
    if as_json:
        operator.print_json(found)
        return
    for one in found:
        details = msgspec.json.encode(one.details).decode()
        operator.say(f"{one.at:%Y-%m-%d %H:%M:%S}  {one.actor:<20} {one.action:<16} {one.subject}  {details}")
