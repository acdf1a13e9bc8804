"""Events of landing pages: `POST /api/analytics/track`."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from frontage.plugin import Answer, Call, HotRequest, hot, in_body, invalid, json_answer
from frontage_landing_analytics.canonical import CANONICAL, LandingWord
from frontage_landing_analytics.event_ids import Repeatable
from frontage_landing_analytics.recording import record
from frontage_landing_analytics.refusals import refuse_landing
from frontage_landing_analytics.settings import Settings

_DONE = json_answer({"success": True})


class Done(Struct, frozen=True):
    """The event is kept."""

    success: bool


class TrackIn(Repeatable, frozen=True, kw_only=True):
    """One deed of a visitor on a landing page."""

    tenant_id: Annotated[int | str, Meta(description="The tenant, by any of its names.")]
    event_type: LandingWord
    metadata: dict[str, Any] | None = None


def unknown_tenant(_call: Call) -> Answer:
    """A tenant that does not exist is a wrong field."""
    raise invalid("tenant_id", "There is no such tenant.")


@hot.post(
    "/api/analytics/track",
    body=TrackIn,
    forms=True,
    tenant=in_body("tenant_id", unknown_limit="unknown"),
    limit=("track", "visitor"),
    off=unknown_tenant,
    public=True,
    refuse=refuse_landing,
    raises=(503,),
    status=200,
    returns=Done,
    summary="Track an event of a landing page",
    tags=("Landing analytics",),
)
async def track(request: HotRequest[TrackIn, Settings]) -> Answer:
    """Keep an event; the answer means that it is on disk."""
    body = request.body
    await record(request, CANONICAL[body.event_type], "landing", metadata=body.metadata, **body.identity("landing"))
    return _DONE


track_routes = [track]
