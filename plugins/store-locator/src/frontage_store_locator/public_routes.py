"""What pages call: places near a point, and what visitors do in the widget."""

from datetime import UTC, datetime
from functools import lru_cache

import msgspec
from msgspec.structs import replace

from frontage.plugin import (
    NO_CONTENT,
    Answer,
    Call,
    HotRequest,
    Problem,
    Tenant,
    hot,
    nobody,
    not_found,
    problem_answer,
    publishable_key,
)
from frontage_store_locator import widget_events
from frontage_store_locator.funnel import note_step
from frontage_store_locator.geocode_schemas import GeocodeAnswer
from frontage_store_locator.nearby.aiming import aimed
from frontage_store_locator.nearby.engines import engines_of
from frontage_store_locator.nearby.search import Answers, Search
from frontage_store_locator.nearby.shown import places_json
from frontage_store_locator.schemas import FARTHEST_KM, LocationsResponse, NearbyQuery, WidgetEventIn
from frontage_store_locator.settings import Settings

TAG = "Store Locator (Public)"
_HEADERS = (
    (b"content-type", b"application/json"),
    (b"cache-control", b"private"),
    (b"vary", b"X-API-Key"),
)


@hot.get(
    "/locations/api/v1/public/locations",
    query=NearbyQuery,
    tenant=publishable_key(secret_scope="locations:read"),  # noqa: S106  # the name of a scope
    limit=("publishable", "visitor"),
    off=not_found,
    returns=LocationsResponse,
    operation_id="apps_locations_api_public_list_public_locations",
    summary="Find nearby locations",
    tags=(TAG,),
)
async def nearby(request: HotRequest[NearbyQuery, Settings]) -> Answer:
    """The tenant's published places within `radius` km of a point, the nearest first, by geodesic distance."""
    tenant, query = request.tenant, request.body
    assert tenant is not None
    engines = engines_of(request.context)
    search, meant = _search(query), None
    if query.q:
        search, meant = await aimed(request.context, tenant, search, query.q)
    found = await engines.search(tenant.id, search)
    nearest: Answers = ()
    if not found and not query.offset:
        request.context.count("searches", "nothing found")
        note_step(request, "searches_without_result")
        nearest = await engines.search(tenant.id, replace(search, radius_m=FARTHEST_KM * 1000.0, limit=1, within=None))
    else:
        request.context.count("searches", "found")
    return Answer(200, _rendered(tenant, request.settings, search.now, found, nearest, meant), _HEADERS)


def _search(query: NearbyQuery) -> Search:
    return Search(
        lat=query.lat,
        lon=query.lon,
        radius_m=query.radius_m,
        limit=query.limit,
        offset=query.offset,
        tags=query.wanted_tags,
        open_only=query.open_now,
        now=datetime.now(UTC),
    )


def _rendered(
    tenant: Tenant, settings: Settings, now: datetime, found: Answers, nearest: Answers, meant: GeocodeAnswer | None
) -> bytes:
    places = places_json(found, settings.directions, now)
    parts = [b'{"locations":[', places, b'],"organization":', _organization(tenant.short_id, tenant.name)]
    if nearest:
        parts += [b',"nearest":', places_json(nearest, settings.directions, now)]
    if meant:
        parts += [b',"found":', msgspec.json.encode(meant)]
    return b"".join((*parts, b"}"))


@lru_cache(maxsize=4096)
def _organization(short_id: str, name: str) -> bytes:
    return msgspec.json.encode({"id": short_id, "name": name, "short_id": short_id})


def silently(problem: Problem, call: Call) -> Answer:
    """The refusals of widget events: size and method alone are told, everything else is a counted drop."""
    if problem.code == "method_not_allowed":
        return problem_answer(problem, call.keeper.type_base)
    widget_events.drop(problem, call)
    if problem.code == "payload_too_large":
        return problem_answer(problem, call.keeper.type_base)
    return NO_CONTENT


@hot.post(
    "/locations/api/v1/public/widget-events",
    body=WidgetEventIn,
    tenant=nobody,
    limit=(),
    off=not_found,
    refuse=silently,
    refusals=(405, 413),
    operation_id="apps_locations_api_public_track_widget_event",
    summary="Track widget analytics events",
    tags=(TAG,),
)
async def track_widget_event(request: HotRequest[WidgetEventIn, Settings]) -> Answer:
    """Note one step of a visitor in the log; always 204, whatever the body."""
    widget_events.take(request)
    return NO_CONTENT


public_routes = [nearby, track_widget_event]
