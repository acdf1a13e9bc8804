"""What the shop itself calls: reading and changing its places."""

from datetime import datetime
from typing import Annotated
from urllib.parse import unquote

from litestar import Response
from litestar.openapi import ResponseSpec
from msgspec import UNSET, structs

from frontage.plugin import (
    Call,
    FromPath,
    FromQuery,
    Injected,
    JSONBody,
    PageNumber,
    PageSize,
    Pagination,
    PluginContext,
    Problem,
    QueryParameter,
    Session,
    Tenant,
    delete,
    get,
    invalid,
    not_found,
    parse_id,
    patch,
    post,
    put,
    secret_key,
    to_short,
)
from frontage_store_locator.models import Place, Status
from frontage_store_locator.nearby.engines import after_commit_look_again
from frontage_store_locator.place_schemas import BulkIn, BulkOut, PlaceIn, PlaceOut, PlacePage, told
from frontage_store_locator.places import Batch, Change, Writer, Written, find_external, find_place
from frontage_store_locator.queries import PlaceFilter, count_places, list_places
from frontage_store_locator.settings import Settings

PLACES = "/locations/api/v1/locations"
READ, WRITE = secret_key("locations:read"), secret_key("locations:write")
TAG = "Locations"
BY_EXTERNAL_ID = PLACES + "/by-external-id/{external_id:path}"
_BY = b"/by-external-id/"
BULK_BODY = 8 * 1024 * 1024

Word = FromQuery[Annotated[str, QueryParameter(max_length=200)] | None]


@get(PLACES, tenant=READ, limit=("secret",), off=not_found, tags=[TAG])
async def list_locations(
    session: Injected[Session],
    page: PageNumber = 1,
    page_size: PageSize = 25,
    search: Word = None,
    status: FromQuery[Status | None] = None,
    country: Word = None,
    region: Word = None,
    city: Word = None,
    tag: Word = None,
    external_id: Word = None,
    without_position: FromQuery[bool] = False,
    updated_since: FromQuery[datetime | None] = None,
) -> PlacePage:
    """List places, the oldest first; `search` looks into names, ids and addresses."""
    if updated_since is not None and updated_since.tzinfo is None:
        raise invalid("updated_since", "Expected a moment with its zone.")
    wanted = PlaceFilter(
        session,
        search=search,
        status=status,
        country=country,
        region=region,
        city=city,
        tag=tag,
        external_id=external_id,
        without_position=without_position,
        updated_since=updated_since,
    )
    total = await count_places(session, wanted)
    found = await list_places(session, wanted, page, page_size)
    return PlacePage([told(place) for place in found], Pagination.of(page, page_size, total))


@post(PLACES, tenant=WRITE, limit=("secret",), off=not_found, raises=(409,), tags=[TAG])
async def add_location(
    session: Injected[Session],
    context: Injected[PluginContext],
    tenant: Injected[Tenant],
    settings: Injected[Settings],
    data: JSONBody[PlaceIn],
) -> Response[PlaceOut]:
    """Add a place."""
    after_commit_look_again(session, context)
    writer = await Writer.open(session, tenant.id, settings)
    return _answer(await writer.add(data))


@post(f"{PLACES}/bulk", tenant=WRITE, limit=("secret",), off=not_found, cap=BULK_BODY, tags=[TAG], status_code=200)
async def upsert_locations(
    session: Injected[Session],
    context: Injected[PluginContext],
    tenant: Injected[Tenant],
    settings: Injected[Settings],
    data: JSONBody[BulkIn],
    skip_invalid: FromQuery[bool] = False,
) -> BulkOut:
    """Add up to 1,000 places, or change those whose `external_id` is known; any error refuses all of them."""
    after_commit_look_again(session, context)
    writer = await Writer.open(session, tenant.id, settings)
    batch = await writer.upsert(data.locations)
    if batch.errors and not skip_invalid:
        raise Problem("validation_error", "Nothing was written.", errors=batch.errors)
    return _told(batch)


@get(PLACES + "/{location_id:str}", tenant=READ, limit=("secret",), off=not_found, raises=(410,), tags=[TAG])
async def read_location(
    session: Injected[Session], tenant: Injected[Tenant], location_id: FromPath[str]
) -> Response[PlaceOut]:
    """Read a place."""
    place = await find_place(session, tenant.id, parse_id(location_id))
    return Response(told(place), headers={"ETag": etag(place)})


@patch(
    PLACES + "/{location_id:str}", tenant=WRITE, limit=("secret",), off=not_found, raises=(409, 410, 412), tags=[TAG]
)
async def change_location(
    session: Injected[Session],
    context: Injected[PluginContext],
    tenant: Injected[Tenant],
    settings: Injected[Settings],
    call: Injected[Call],
    location_id: FromPath[str],
    data: JSONBody[PlaceIn],
) -> Response[PlaceOut]:
    """Change some of a place; with `If-Match` only if nobody else has changed it since."""
    after_commit_look_again(session, context)
    writer = await Writer.open(session, tenant.id, settings)
    place = await writer.find(parse_id(location_id))
    check_match(call, place)
    return _answer(await writer.change(place, data))


@delete(PLACES + "/{location_id:str}", tenant=WRITE, limit=("secret",), off=not_found, raises=(410, 412), tags=[TAG])
async def remove_location(
    session: Injected[Session],
    context: Injected[PluginContext],
    tenant: Injected[Tenant],
    settings: Injected[Settings],
    call: Injected[Call],
    location_id: FromPath[str],
) -> None:
    """Remove a place; whoever asks for it afterwards is told 410."""
    after_commit_look_again(session, context)
    writer = await Writer.open(session, tenant.id, settings)
    place = await writer.find(parse_id(location_id))
    check_match(call, place)
    await writer.remove(place)


@get(BY_EXTERNAL_ID, tenant=READ, limit=("secret",), off=not_found, tags=[TAG])
async def read_location_by_external_id(
    session: Injected[Session], call: Injected[Call], external_id: FromPath[str]
) -> Response[PlaceOut]:
    """Read the place that you know by this id; a slash in it is written as `%2F`."""
    place = await find_external(session, _external_id_of(call, external_id))
    return Response(told(place), headers={"ETag": etag(place)})


@delete(BY_EXTERNAL_ID, tenant=WRITE, limit=("secret",), off=not_found, raises=(412,), tags=[TAG])
async def remove_location_by_external_id(
    session: Injected[Session],
    context: Injected[PluginContext],
    tenant: Injected[Tenant],
    settings: Injected[Settings],
    call: Injected[Call],
    external_id: FromPath[str],
) -> None:
    """Remove the place that you know by this id, which is free again afterwards."""
    after_commit_look_again(session, context)
    writer = await Writer.open(session, tenant.id, settings)
    place = await find_external(session, _external_id_of(call, external_id))
    check_match(call, place)
    await writer.remove(place)


@put(
    BY_EXTERNAL_ID,
    tenant=WRITE,
    limit=("secret",),
    off=not_found,
    raises=(412,),
    responses={201: ResponseSpec(PlaceOut, generate_examples=False, description="It was not there, and is made.")},
    tags=[TAG],
)
async def put_location(
    session: Injected[Session],
    context: Injected[PluginContext],
    tenant: Injected[Tenant],
    settings: Injected[Settings],
    call: Injected[Call],
    external_id: FromPath[str],
    data: JSONBody[PlaceIn],
) -> Response[PlaceOut]:
    """Make the place that you know by this id exactly what is sent; sent again, it changes nothing."""
    sent = _with_external_id(data, _external_id_of(call, external_id))
    after_commit_look_again(session, context)
    writer = await Writer.open(session, tenant.id, settings)
    place = await writer.find_external(sent.external_id)  # type: ignore[arg-type]
    check_match(call, place)
    return _answer(await (writer.replace(place, sent) if place else writer.add(sent)))


def etag(place: Place) -> str:
    """The entity tag of a place: it changes with every change."""
    return f'"{place.version}"'


def check_match(call: Call, place: Place | None) -> None:
    """Refuse with 412 when If-Match or If-None-Match name another state than that of the place."""
    wanted, unwanted = call.header(b"if-match"), call.header(b"if-none-match")
    if wanted is not None and not _names(wanted, place):
        raise Problem("precondition_failed")
    if unwanted is not None and _names(unwanted, place):
        raise Problem("precondition_failed", "There is such a place already.")


def _names(tags: str, place: Place | None) -> bool:
    if place is None:
        return False
    return tags.strip() == "*" or etag(place) in [tag.strip() for tag in tags.split(",")]


def _external_id_of(call: Call, routed: str) -> str:
    """The id as the path was sent: the router has lost which of its slashes were written as `%2F`."""
    raw = call.scope.get("raw_path")  # a server need not tell it
    try:
        text = unquote(raw.partition(_BY)[2].rstrip(b"/").decode(), errors="strict") if raw else routed.strip("/")
    except UnicodeDecodeError:
        raise invalid("external_id", "Expected UTF-8, percent-encoded.") from None
    external_id = " ".join(text.split())
    if not external_id or len(text) > 200:
        raise invalid("external_id", "Expected 1 to 200 characters.")
    return external_id


def _with_external_id(data: PlaceIn, external_id: str) -> PlaceIn:
    given = data.external_id
    if given not in (UNSET, None) and " ".join(str(given).split()) != external_id:
        raise invalid("external_id", "This is not the id in the path.")
    return structs.replace(data, external_id=external_id)


def _answer(written: Written) -> Response[PlaceOut]:
    place = written.place
    status = 201 if written.change is Change.CREATED else 200
    headers = {"ETag": etag(place)}
    return Response(told(place, written.warnings), status_code=status, headers=headers)


def _told(batch: Batch) -> BulkOut:
    return BulkOut(
        created=batch.count(Change.CREATED),
        updated=batch.count(Change.UPDATED),
        unchanged=batch.count(Change.UNCHANGED),
        ids=[to_short(one.place.id) if one else None for one in batch.written],
        errors=batch.errors,
        warnings=batch.warnings,
    )


place_routes = [
    list_locations,
    add_location,
    upsert_locations,
    read_location,
    change_location,
    remove_location,
    put_location,
    read_location_by_external_id,
    remove_location_by_external_id,
]
