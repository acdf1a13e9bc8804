"""What an integrator wants to see: the last events of a shop that were taken, and those that were not, with the reason.

It is held in memory: the last hundred of each of the last thousand shops, by the process that took them.
"""

from collections import OrderedDict, deque
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, NamedTuple
from uuid import UUID

from msgspec import Meta, Struct

from frontage.plugin import Injected, Tenant, get, not_found, secret_key, to_short
from frontage_storefront_beacon.interaction import Interaction
from frontage_storefront_beacon.judging import Skipped

_EVENTS, _TENANTS = 100, 1000
SCOPE = "the process that answers; each worker remembers the events that it took itself"


class _Taken(NamedTuple):
    """What is remembered of an event that was taken: nothing of the shopper."""

    id: UUID
    kind: str
    occurred: datetime
    received: datetime
    late: bool
    bot: bool


class Latest:
    """The last events of each shop."""

    def __init__(self) -> None:
        self._rings: OrderedDict[UUID, deque[tuple[datetime, str, _Taken | Skipped]]] = OrderedDict()

    def note(self, tenant: Tenant, key: str, rows: Sequence[Interaction]) -> None:
        """Remember events that were taken."""
        self._ring(tenant).extend([
            (row.received, key, _Taken(row.id, row.kind, row.occurred, row.received, row.late, row.bot))
            for row in rows[-_EVENTS:]
        ])  # fmt: skip

    def note_skipped(self, tenant: Tenant, key: str, now: datetime, skipped: Sequence[Skipped]) -> None:
        """Remember events that were skipped."""
        self._ring(tenant).extend([(now, key, one) for one in skipped])

    def told(self, tenant: Tenant) -> "list[DebugEvent]":
        """The last events of a shop, the newest first."""
        return [_told(*one) for one in reversed(self._rings.get(tenant.id, ()))]

    def _ring(self, tenant: Tenant) -> deque[tuple[datetime, str, _Taken | Skipped]]:
        ring = self._rings.get(tenant.id)
        if ring is None:
            ring = self._rings[tenant.id] = deque(maxlen=_EVENTS)
            if len(self._rings) > _TENANTS:
                self._rings.popitem(last=False)
        self._rings.move_to_end(tenant.id)
        return ring


latest = Latest()
"""Those of this process."""


class DebugEvent(Struct, frozen=True, omit_defaults=True):
    """An event that came, without what it said of the shopper."""

    received: datetime
    outcome: Annotated[str, Meta(description="`accepted` or `skipped`; a repeat of a known event is accepted again.")]
    key: Annotated[str, Meta(description="The first characters of the key that sent it.")]
    event_type: Annotated[str, Meta(description="Empty where none is known.")]
    reason: Annotated[
        str, Meta(description="Why it was skipped: `missing_` or `invalid_` and a field, or a word of its own.")
    ] = ""
    place: Annotated[int | None, Meta(description="Where in its batch a skipped one stood, from 0.")] = None
    id: Annotated[str | None, Meta(description="The id under which it is stored.")] = None
    occurred: datetime | None = None
    late: bool = False
    bot: bool = False


class DebugEvents(Struct, frozen=True):
    """The last events of a shop, the newest first."""

    scope: Annotated[str, Meta(description="Whose memory this is.")]
    events: list[DebugEvent]


@get(
    "/storefront/api/v1/debug/events",
    tenant=secret_key("analytics:read"),
    limit=("secret",),
    off=not_found,
    tags=["Storefront analytics"],
)
async def debug_events(tenant: Injected[Tenant]) -> DebugEvents:
    """Show the last hundred events that came, and why those that were skipped do not count."""
    return DebugEvents(SCOPE, latest.told(tenant))


def _told(received: datetime, key: str, one: _Taken | Skipped) -> DebugEvent:
    if isinstance(one, Skipped):
        return DebugEvent(received, "skipped", key, one.event_type, one.reason, one.place)
    return DebugEvent(
        received, "accepted", key, one.kind, id=to_short(one.id), occurred=one.occurred, late=one.late, bot=one.bot
    )
