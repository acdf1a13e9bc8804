"""`POST /beacon`: what pages send."""

from frontage.plugin import (
    NO_CONTENT,
    Answer,
    Call,
    HotRequest,
    Problem,
    hot,
    problem_answer,
    token,
)
from frontage_storefront_beacon.debug import latest
from frontage_storefront_beacon.judging import BatchReader, Judged
from frontage_storefront_beacon.recording import interactions_of
from frontage_storefront_beacon.settings import Settings
from frontage_storefront_beacon.wire import BeaconIn

LARGEST_BODY = 256 * 1024


def unknown(_call: Call) -> Answer:
    """The off-answer: a token of a shop without the beacon is as unknown as any other text."""
    raise Problem("unauthorized")


def refuse(problem: Problem, call: Call) -> Answer:
    """Refusals with the members that clients of this contract look for."""
    if problem.code == "unauthorized":
        problem.extra["error"] = "Unauthenticated"
    elif problem.code == "validation_error":
        problem.extra["errors"] = [f"{wrong.field}: {wrong.message}" for wrong in problem.errors]
    return problem_answer(problem, call.keeper.type_base)


@hot.post(
    "/beacon",
    body=BatchReader(),
    schema=BeaconIn,
    tenant=token("X-Storefront-Access-Token", "token", "beacon:write"),
    limit=("ingest", "visitor"),
    off=unknown,
    cap=LARGEST_BODY,
    refuse=refuse,
    summary="Capture storefront events",
    operation_id="storefront_beacon",
    tags=("Storefront beacon",),
)
async def beacon(request: HotRequest[Judged, Settings]) -> Answer:
    """Take up to a hundred events. 204: every valid one is on disk; why others are not, the debug list tells."""
    judged, tenant, key = request.body, request.tenant, request.key
    assert tenant is not None
    assert key is not None
    rows = interactions_of(request)
    if rows:
        await request.accept(rows)
        latest.note(tenant, key.prefix, rows)
    elif judged.events:
        request.context.count("events_skipped", "privacy", len(judged.events))
    if judged.skipped:
        latest.note_skipped(tenant, key.prefix, judged.now, judged.skipped)
        for one in judged.skipped:
            request.context.count("events_skipped", one.reason)
    return NO_CONTENT
