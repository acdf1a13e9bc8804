"""The pages as HTML: whatever a shop wrote is text on them, in its own direction."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from datetime import date
from hashlib import sha256
from importlib.resources import files
from typing import Any

from frontage.plugin import Tenant, html
from frontage_store_locator.address import country_name, one_line
from frontage_store_locator.contact import shown_phone, shown_website
from frontage_store_locator.directions import Service, directions_url
from frontage_store_locator.models import Place
from frontage_store_locator.pages.addresses import Addresses
from frontage_store_locator.pages.areas import Area
from frontage_store_locator.pages.structured import Trail, breadcrumbs, store
from frontage_store_locator.pages.weeks import Hours, Spans

_STYLE = files(__package__).joinpath("style.css").read_text(encoding="utf-8")
CONTENT_POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
    "img-src https: http:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NEAR_DAYS = 14
"""Unusual days so near are told among the hours."""
el, join = html.el, html.join


def title_of(place: Place) -> str:
    """What a place is called."""
    return place.name or place.address


def place_page(
    place: Place, tenant: Tenant, addresses: Addresses, area: Area, hours: Hours | None, service: Service
) -> str:
    """One place."""
    title, url = title_of(place), addresses.place(place.id, place.name)
    trail = [(tenant.name, addresses.root), (area.title, addresses.area(area.slug)), (title, url)]
    line = one_line(place.address, place.address2, place.city, place.region, place.postal_code, place.country)
    facts = [_contact(place, line), _hours(hours) if hours else ""]
    parts = [
        el("h1", _own(title)),
        el("p", _own(line), class_="soft"),
        _photo(place),
        *[el("p", _own(text)) for text in place.description.splitlines() if text.strip()],
        _actions(place, service),
        el("div", *facts, class_="facts"),
        el("ul", *[el("li", _own(tag)) for tag in place.tags], class_="tags") if place.tags else "",
    ]
    data = [store(place, tenant, url, addresses.root, hours), breadcrumbs(trail)]
    return _document(f"{title} · {tenant.name}", f"{title}: {line}", url, trail, parts, data)


def area_page(area: Area, places: Sequence[Place], tenant: Tenant, addresses: Addresses, page: int, pages: int) -> str:
    """The places of an area, or a part of them."""
    url = addresses.area(area.slug, page)
    trail = [(tenant.name, addresses.root), (area.title, addresses.area(area.slug))]
    steps = [(page - 1, "prev", "Previous"), (page + 1, "next", "Next")]
    turns = [
        el("li", el("a", words, href=addresses.area(area.slug, to), rel=rel))
        for to, rel, words in steps
        if 0 < to <= pages
    ]
    parts = [
        el("h1", _own(tenant.name), " in ", _own(area.title)),
        el("p", _counted(area.places), class_="soft"),
        _list(places, addresses),
        el("ul", *turns, class_="actions") if turns else "",
    ]
    words = f"{_counted(area.places)} of {tenant.name} in {area.title}"
    return _document(f"{tenant.name} in {area.title}", words, url, trail, parts, [breadcrumbs(trail)])


def index_page(areas: Sequence[Area], places: Sequence[Place], tenant: Tenant, addresses: Addresses) -> str:
    """All areas by country; the places themselves where there are few."""
    total = sum(area.places for area in areas)
    countries: dict[str, list[Area]] = {}
    for area in areas:
        countries.setdefault(country_name(area.country), []).append(area)
    parts = [el("h1", _own(tenant.name)), el("p", _counted(total), class_="soft")]
    parts += (
        [_list(places, addresses)]
        if places
        else [_country(name, countries[name], addresses) for name in sorted(countries)]
    )
    trail = [(tenant.name, addresses.root)]
    return _document(tenant.name, f"{_counted(total)} of {tenant.name}", addresses.root, trail, parts, [])


def refusal_page(title: str, words: str) -> str:
    """What somebody sees who followed a link to nowhere."""
    return _document(title, words, "", [], [el("h1", title), el("p", words)], [])


def _document(
    title: str, words: str, canonical: str, trail: Trail, parts: Iterable[str], data: Iterable[dict[str, Any]]
) -> str:
    head = [
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width,initial-scale=1"),
        el("title", title),
        el("meta", name="description", content=words[:300]),
        *([el("link", rel="canonical", href=canonical)] if canonical else []),
        el("style", html.Html(_STYLE)),
        *map(html.json_block, data),
    ]
    steps = [el("li", el("a", _own(name), href=url)) for name, url in trail[:-1]]
    nav = el("nav", el("ol", *steps), aria_label="Breadcrumb") if steps else ""
    body = el("body", nav, el("main", *parts))
    return f"<!doctype html>{el('html', el('head', *head), body, lang='en')}"


def _own(text: str) -> html.Html:
    return el("bdi", text)


def _counted(number: int) -> str:
    return f"{number:,} store" if number == 1 else f"{number:,} stores"


def _list(places: Iterable[Place], addresses: Addresses) -> html.Html:
    return el("ul", *[_listed(place, addresses) for place in places], class_="places")


def _listed(place: Place, addresses: Addresses) -> html.Html:
    line = one_line(place.address, place.address2, place.city, place.region, place.postal_code, "")
    link = el("a", _own(title_of(place)), href=addresses.place(place.id, place.name))
    return el("li", link, el("div", _own(line), class_="soft"))


def _country(name: str, areas: Iterable[Area], addresses: Addresses) -> html.Html:
    links = [
        el("li", el("a", _own(area.region or name or area.title), href=addresses.area(area.slug)), f" {area.places:,}")
        for area in areas
    ]
    return join([el("h2", name or "Elsewhere"), el("ul", *links, class_="areas")])


def _photo(place: Place) -> str:
    url = shown_website(place.photo_url)
    return (
        el("img", src=url, alt="", class_="photo", width="1600", height="900", referrerpolicy="no-referrer")
        if url
        else ""
    )


def _actions(place: Place, service: Service) -> str:
    links = []
    if place.lat is not None and place.lon is not None:
        links.append(("Directions", directions_url(service, place.lat, place.lon)))
    if phone := shown_phone(place.phone):
        links.append((f"Call {phone}", f"tel:{phone}"))
    if website := shown_website(place.website):
        links.append(("Website", website))
    return el("ul", *[el("li", el("a", words, href=url)) for words, url in links], class_="actions") if links else ""


def _contact(place: Place, line: str) -> html.Html:
    mail = el("p", el("a", place.email, href=f"mailto:{place.email}")) if place.email else ""
    return el("section", el("h2", "Address"), el("address", _own(line)), mail)


def _hours(hours: Hours) -> html.Html:
    rows = [
        _row(name, spans, here=number == hours.today.weekday())
        for number, (name, spans) in enumerate(zip(_WEEKDAYS, hours.usual, strict=True))
    ]
    days = sorted({*(day for day in hours.unusual if (day - hours.today).days < _NEAR_DAYS), *hours.notes})
    special = [
        _row(_date(day, hours.notes.get(day, "")), hours.unusual.get(day, hours.usual[day.weekday()])) for day in days
    ]
    parts = [el("h2", "Opening hours"), el("table", el("tbody", *rows))]
    if special:
        parts += [el("h2", "Special days"), el("table", el("tbody", *special))]
    return el("section", *parts)


def _row(name: str, spans: Spans, *, here: bool = False) -> html.Html:
    told = ", ".join(str(one).replace("-", "–") for one in spans) or "Closed"  # noqa: RUF001  # from to
    return el("tr", el("th", name, scope="row"), el("td", told), **({"class_": "today"} if here else {}))


def _date(day: date, note: str) -> html.Html:
    return join(
        [
            f"{_WEEKDAYS[day.weekday()]}, ",
            el("time", f"{day:%-d} {day:%B %Y}", datetime=str(day)),
            *([" · ", _own(note)] if note else []),
        ]
    )
