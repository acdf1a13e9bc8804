"""Low-level interactions: `POST /api/v1/interactions`, which never tells whether a tenant exists."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from frontage.plugin import Answer, Call, HotRequest, Problem, hot, in_body, json_answer
from frontage_landing_analytics.canonical import CANONICAL, InteractionWord
from frontage_landing_analytics.event_ids import Repeatable
from frontage_landing_analytics.recording import record
from frontage_landing_analytics.refusals import note_refused, refuse_commerce
from frontage_landing_analytics.settings import Settings

_RECORDED = json_answer({"status": "success"}, 201)
_ACCEPTED = json_answer({"status": "accepted"}, 202)


class Recorded(Struct, frozen=True):
    """`success`: the interaction is kept."""

    status: str


class InteractionIn(Repeatable, frozen=True, kw_only=True):
    """One deed of a visitor of a shop."""

    tenant_id: Annotated[int | str, Meta(description="The tenant, by any of its names.")]
    type: InteractionWord
    product_id: Annotated[int | None, Meta(description="Kept as it is.")] = None
    metadata: dict[str, Any] | None = None


def unknown_tenant(_call: Call) -> Answer:
    """Accepted like any other."""
    return _ACCEPTED


def refuse(problem: Problem, call: Call) -> Answer:
    """What cannot be kept is accepted all the same; the caller is not to be disturbed, the operator reads it."""
    if problem.kind.status >= 500:
        note_refused(problem, call)
        return _ACCEPTED
    return refuse_commerce(problem, call)


@hot.post(
    "/api/v1/interactions",
    body=InteractionIn,
    forms=True,
    tenant=in_body("tenant_id"),
    limit=("tenant",),
    off=unknown_tenant,
    public=True,
    refuse=refuse,
    status=201,
    returns=Recorded,
    responses=((202, "The tenant is unknown, or the interaction cannot be kept."),),
    summary="Record an interaction",
    tags=("Commerce analytics",),
)
async def interact(request: HotRequest[InteractionIn, Settings]) -> Answer:
    """Keep an interaction; 201 means that it is on disk."""
    body = request.body
    kind = CANONICAL[body.type]
    await record(
        request, kind, "interaction", metadata=body.metadata, product_id=body.product_id, **body.identity("interaction")
    )
    return _RECORDED


interaction_routes = [interact]
