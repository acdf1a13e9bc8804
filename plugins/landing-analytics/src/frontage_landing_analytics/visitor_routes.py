"""A visitor who wants to be forgotten: everything under one hash goes, the counts stay, for they name nobody."""

import re

from msgspec import Struct

from frontage.plugin import FromPath, Injected, PluginContext, Problem, Tenant, delete, not_found, secret_key
from frontage_landing_analytics.rollups import Clicker, Stayer, Viewer
from frontage_landing_analytics.streams import Interaction
from frontage_landing_analytics.visitors import HASH_LENGTH

_HASH = re.compile(f"[0-9a-f]{{{HASH_LENGTH}}}")


class Forgotten(Struct, frozen=True):
    """How many events went."""

    events: int


@delete(
    "/analytics/api/v1/visitors/{visitor:str}",
    tenant=secret_key("analytics:write"),
    limit=("secret",),
    off=not_found,
    status_code=200,
)
async def forget_visitor(
    tenant: Injected[Tenant], context: Injected[PluginContext], visitor: FromPath[str]
) -> Forgotten:
    """Delete every event of a visitor, and that it was ever here; the numbers that it is in stay as they are."""
    if not _HASH.fullmatch(visitor):
        raise Problem("not_found")
    events = await context.intake.erase(Interaction, tenant.id, visitor=visitor)
    seen = [await context.intake.erase(kind, tenant.id, visitor=visitor) for kind in (Viewer, Stayer, Clicker)]
    if not events and not any(seen):
        raise Problem("not_found")
    return Forgotten(events)


visitor_routes = [forget_visitor]
