"""`GET /stores/{tenant}…`: a shop's places as pages, with their sitemap."""

from hashlib import sha256
from typing import Any

from litestar import Request, Response
from litestar.openapi import ResponseSpec
from litestar.response import Redirect

from frontage.plugin import (
    Answer,
    Call,
    FromPath,
    Injected,
    PageNumber,
    PluginContext,
    Problem,
    Session,
    Tenant,
    get,
    in_path,
    not_found,
    utc_now,
)
from frontage_store_locator.models import Place
from frontage_store_locator.nearby.shown import is_shown_at
from frontage_store_locator.pages import rendering
from frontage_store_locator.pages.addresses import Addresses, place_id_of, segment
from frontage_store_locator.pages.areas import area_of, areas_of
from frontage_store_locator.pages.sitemap import LARGEST_PART, sitemap, sitemap_index
from frontage_store_locator.pages.statements import area_rows, count_visible, places_in, sitemap_rows
from frontage_store_locator.pages.weeks import hours_from
from frontage_store_locator.places import find_place
from frontage_store_locator.settings import Settings

ROOT = "/stores/{tenant_ref:str}"
A_PAGE = 100
FEW = 60
"""So many places stand on a shop's first page themselves."""
_KEPT = "public, max-age=300, stale-while-revalidate=3600"
_HEADERS = {"Cache-Control": _KEPT, "Content-Security-Policy": rendering.CONTENT_POLICY}
_REFUSALS = {
    "not_found": ("There is no such page", "Perhaps the address is misspelt, or the store is not open yet."),
    "gone": ("This store is no longer here", "It has closed or moved."),
    "rate_limited": ("Too many requests", "Please try again in a moment."),
}
_Asked = Request[Any, Any, Any]


def _told(problem: Problem, _call: Call) -> Answer:
    """A refusal as a page."""
    title, words = _REFUSALS.get(problem.code, (problem.kind.title, "Please try again in a moment."))
    policy = (b"content-security-policy", rendering.CONTENT_POLICY.encode())
    headers = ((b"content-type", b"text/html; charset=utf-8"), policy, *problem.headers)
    return Answer(problem.kind.status, rendering.refusal_page(title, words).encode(), headers)


_PAGES = {
    304: ResponseSpec(None, description="It is still what `If-None-Match` named."),
    **{
        status: ResponseSpec(str, description="A page that says so.", media_type="text/html", generate_examples=False)
        for status in (404, 422, 429, 500, 503)
    },
}
_GONE = {301: ResponseSpec(None, description="Its own address."), 410: _PAGES[404]}
_WORDS: dict[str, Any] = {
    "tenant": in_path("tenant_ref"),
    "limit": ("pages",),
    "off": not_found,
    "refuse": _told,
    "media_type": "text/html",
    "tags": ["Store pages"],
    "responses": _PAGES,
}
_XML = {**_WORDS, "media_type": "application/xml"}


@get(ROOT, **_WORDS)
async def show_index(
    request: _Asked, session: Injected[Session], context: Injected[PluginContext], settings: Injected[Settings],
    tenant: Injected[Tenant], tenant_ref: FromPath[str],  # noqa: ARG001  # the gate has found the tenant by it
) -> Response[bytes]:  # fmt: skip
    """The shop's stores by country and region; the stores themselves where there are few."""
    addresses = _addresses(context, tenant, settings)
    areas = list(areas_of(await area_rows(session)).values())
    few = sum(area.places for area in areas) <= FEW
    places = _shown(await places_in(session, None, 0, FEW)) if few else []
    return _page(request, rendering.index_page(areas, places, tenant, addresses))


@get(f"{ROOT}/in/{{area:str}}", **_WORDS)
async def show_area(
    request: _Asked, session: Injected[Session], context: Injected[PluginContext], settings: Injected[Settings],
    tenant: Injected[Tenant], tenant_ref: FromPath[str], area: FromPath[str], page: PageNumber = 1,  # noqa: ARG001
) -> Response[bytes]:  # fmt: skip
    """The stores of a region, a hundred a page."""
    addresses = _addresses(context, tenant, settings)
    found = areas_of(await area_rows(session)).get(area)
    pages = -(-found.places // A_PAGE) if found else 0
    if found is None or page > pages:
        raise Problem("not_found")
    places = _shown(await places_in(session, found.spellings, (page - 1) * A_PAGE, A_PAGE))
    return _page(request, rendering.area_page(found, places, tenant, addresses, page, pages))


@get(f"{ROOT}/sitemap.xml", **_XML)
async def show_sitemap(
    request: _Asked, session: Injected[Session], context: Injected[PluginContext], settings: Injected[Settings],
    tenant: Injected[Tenant], tenant_ref: FromPath[str],  # noqa: ARG001
) -> Response[bytes]:  # fmt: skip
    """The parts of the sitemap."""
    addresses = _addresses(context, tenant, settings)
    parts = -(-await count_visible(session) // LARGEST_PART)
    return _page(request, sitemap_index(addresses.sitemap(part) for part in range(parts + 1)), "application/xml")


@get(f"{ROOT}/sitemap/{{part:str}}", **_XML)
async def show_sitemap_part(
    request: _Asked, session: Injected[Session], context: Injected[PluginContext], settings: Injected[Settings],
    tenant: Injected[Tenant], tenant_ref: FromPath[str], part: FromPath[str],  # noqa: ARG001
) -> Response[bytes]:  # fmt: skip
    """Part 0 has the first page and the areas, the others have the stores."""
    addresses = _addresses(context, tenant, settings)
    number = part.removesuffix(".xml")
    if not (number.isascii() and number.isdigit() and len(number) < 6 and part.endswith(".xml")):
        raise Problem("not_found")
    if number == "0":
        areas = areas_of(await area_rows(session))
        return _page(
            request,
            sitemap([(addresses.root, None), *((addresses.area(slug), None) for slug in areas)]),
            "application/xml",
        )
    rows = await sitemap_rows(session, (int(number) - 1) * LARGEST_PART, LARGEST_PART)
    if not rows:
        raise Problem("not_found")
    return _page(
        request, sitemap((addresses.place(row.id, row.name), row.updated_at) for row in rows), "application/xml"
    )


@get(f"{ROOT}/{{place:str}}", raises=(410,), **{**_WORDS, "responses": _PAGES | _GONE})
async def show_place(
    request: _Asked, session: Injected[Session], context: Injected[PluginContext], settings: Injected[Settings],
    tenant: Injected[Tenant], tenant_ref: FromPath[str], place: FromPath[str],  # noqa: ARG001
) -> Response[bytes] | Redirect:  # fmt: skip
    """One store, by its id with or without its name before it; its own address has the name."""
    addresses = _addresses(context, tenant, settings)
    found = _visible(await find_place(session, tenant.id, place_id_of(place)))
    if place != segment(found.id, found.name):
        return Redirect(addresses.place(found.id, found.name), status_code=301, headers={"Cache-Control": _KEPT})
    area = area_of(found.country, found.region)
    return _page(request, rendering.place_page(found, tenant, addresses, area, hours_from(found), settings.directions))


def _addresses(context: PluginContext, tenant: Tenant, settings: Settings) -> Addresses:
    if not settings.pages:
        raise Problem("not_found")
    return Addresses.of(context, tenant, settings)


def _visible(place: Place) -> Place:
    """The place, if pages may show it: what has closed for good is gone, what is not yet there was never seen."""
    if place.status == "closed" and place.closed_until is None:
        raise Problem("gone")
    if not is_shown_at(place, utc_now()):
        raise Problem("not_found")
    return place


def _shown(places: Any) -> list[Place]:
    now = utc_now()
    return [place for place in places if is_shown_at(place, now)]


def _page(request: _Asked, text: str, media_type: str = "text/html") -> Response[bytes]:
    body = text.encode()
    headers = {**_HEADERS, "ETag": f'"{sha256(body).hexdigest()[:32]}"'}
    named = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
    if headers["ETag"] in named or "*" in named:
        return Response(b"", status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


page_routes = [show_index, show_area, show_sitemap, show_sitemap_part, show_place]
