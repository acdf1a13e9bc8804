"""Events of shops: `POST /api/v1/analytics/track`."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from frontage.plugin import Answer, Call, HotRequest, hot, in_body, invalid, json_answer
from frontage_landing_analytics.canonical import CANONICAL, CommerceWord
from frontage_landing_analytics.event_ids import Repeatable
from frontage_landing_analytics.memory import memory_of
from frontage_landing_analytics.recording import record
from frontage_landing_analytics.refusals import refuse_commerce
from frontage_landing_analytics.settings import Settings

_ACCEPTED = json_answer({"success": True, "message": "Event accepted for processing"}, 202)
_UNKNOWN = json_answer({"success": False, "message": "Tenant not found or not available"}, 404)


class Accepted(Struct, frozen=True):
    """The event is kept."""

    success: bool
    message: str


class CommerceEventIn(Repeatable, frozen=True, kw_only=True):
    """One deed of a visitor of a shop."""

    tenant_id: Annotated[int | str, Meta(description="The tenant, by any of its names.")]
    type: CommerceWord
    product_id: Annotated[int | None, Meta(description="One of the tenant's products, when it has told of any.")] = None
    metadata: dict[str, Any] | None = None


def unknown_tenant(_call: Call) -> Answer:
    """A tenant that does not exist, is suspended, or has this plugin off."""
    return _UNKNOWN


async def know_product(request: HotRequest[CommerceEventIn, Settings]) -> None:
    """Refuse a product that the tenant does not have, once it has told of any."""
    tenant, number = request.tenant, request.body.product_id
    assert tenant is not None
    if number is not None and not await memory_of(request.context).products.allows(tenant, number):
        raise invalid("product_id", "The tenant has no such product.")


@hot.post(
    "/api/v1/analytics/track",
    body=CommerceEventIn,
    forms=True,
    tenant=in_body("tenant_id"),
    limit=("api",),
    off=unknown_tenant,
    public=True,
    refuse=refuse_commerce,
    raises=(503,),
    check=know_product,
    status=202,
    returns=Accepted,
    responses=((404, "The tenant is unknown or not available."),),
    summary="Track an event of a shop",
    tags=("Commerce analytics",),
)
async def track_commerce(request: HotRequest[CommerceEventIn, Settings]) -> Answer:
    """Keep an event; the answer means that it is on disk."""
    body, metadata = request.body, request.body.metadata
    if body.product_id is not None:
        metadata = {**(metadata or {}), "product_id": body.product_id}
    kind = CANONICAL[body.type]
    await record(request, kind, "commerce", metadata=metadata, product_id=body.product_id, **body.identity("commerce"))
    return _ACCEPTED


commerce_routes = [track_commerce]
