"""What search engines read of a page: schema.org as JSON-LD."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from frontage.plugin import Tenant
from frontage_store_locator.contact import shown_phone, shown_website
from frontage_store_locator.models import Place
from frontage_store_locator.pages.weeks import Hours, Spans, clocks

_CONTEXT = "https://schema.org"
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
Trail = Sequence[tuple[str, str]]
"""From the first page down to this one: what each is called, and where it is."""


def store(place: Place, tenant: Tenant, url: str, home: str, hours: Hours | None) -> dict[str, Any]:
    """A place as a Store."""
    address = {
        "streetAddress": ", ".join(filter(None, (place.address, place.address2))),
        "addressLocality": place.city,
        "addressRegion": place.region,
        "postalCode": place.postal_code,
        "addressCountry": place.country,
    }
    told = {
        "@context": _CONTEXT,
        "@type": "Store",
        "@id": f"{url}#store",
        "url": url,
        "name": place.name or place.address,
        "description": place.description,
        "image": shown_website(place.photo_url),
        "telephone": shown_phone(place.phone),
        "email": place.email,
        "sameAs": shown_website(place.website),
        "address": {"@type": "PostalAddress", **{name: value for name, value in address.items() if value}},
        "geo": _geo(place),
        "openingHoursSpecification": _opening_hours(hours) if hours else [],
        "parentOrganization": {"@type": "Organization", "name": tenant.name, "url": home},
    }
    return {name: value for name, value in told.items() if value}


def breadcrumbs(trail: Trail) -> dict[str, Any]:
    """The way to a page."""
    steps = [
        {"@type": "ListItem", "position": number, "name": name, "item": url}
        for number, (name, url) in enumerate(trail, start=1)
    ]
    return {"@context": _CONTEXT, "@type": "BreadcrumbList", "itemListElement": steps}


def _geo(place: Place) -> dict[str, Any] | None:
    # Where a city's middle stands in for a place, a pin would be wrong.
    if place.lat is None or place.precision != "exact":
        return None
    return {"@type": "GeoCoordinates", "latitude": place.lat, "longitude": place.lon}


def _opening_hours(hours: Hours) -> list[dict[str, Any]]:
    days: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for weekday, spans in zip(_WEEKDAYS, hours.usual, strict=True):
        days.setdefault(tuple(clocks(spans)), []).append(weekday)
    usual = [
        {"@type": "OpeningHoursSpecification", "dayOfWeek": named, "opens": opens, "closes": closes}
        for spans, named in days.items()
        for opens, closes in spans
    ]
    return usual + [one for day, spans in hours.unusual.items() for one in _special(day, spans)]


def _special(day: date, spans: Spans) -> list[dict[str, Any]]:
    """A day with hours of its own; from midnight to midnight means closed."""
    valid = {"@type": "OpeningHoursSpecification", "validFrom": str(day), "validThrough": str(day)}
    return [{**valid, "opens": opens, "closes": closes} for opens, closes in [*clocks(spans)] or [("00:00", "00:00")]]
