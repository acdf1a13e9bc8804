"""What events are broken down by. Of each dimension the first `MOST` values of a tenant's day have rows of their own.

Whatever comes after them on that day is counted together under `OTHER`, so a day has a bounded number of rows
whatever is sent, and the sum over a dimension is right all the same.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any
from uuid import UUID

from frontage_landing_analytics.canonical import CLICKS, VIEWS
from frontage_landing_analytics.pages import host_of
from frontage_landing_analytics.rollups import Breakdown

MOST = 200
OTHER = "(other)"
_LONGEST = 200
_OWN = ("page", "device", "browser", "os", "country")
"""Dimensions that are columns of the event."""
_TOLD = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "qr")
"""Dimensions that the page tells."""
_MEASURES = {
    **dict.fromkeys(VIEWS, "views"),
    **{kind: kind for kind in (*CLICKS, "product_click", "qr_scan")},
    "conversion": "conversions",
    "purchase": "conversions",
}


def breakdowns(tenant: UUID, rows: Iterable[Any]) -> Iterator[Breakdown]:
    """What the events of a tenant add to its breakdowns."""
    sums: defaultdict[tuple[date, str, str], dict[str, int]] = defaultdict(dict)
    for row in rows:
        measure = _MEASURES.get(row.type)
        if measure is None:
            continue
        for dimension, value in values_of(row):
            counts = sums[row.day, dimension, value]
            counts[measure] = counts.get(measure, 0) + 1
    for (day, dimension, value), counts in sums.items():
        yield Breakdown(tenant=tenant, day=day, dimension=dimension, value=value, **counts)


def values_of(row: Any) -> Iterator[tuple[str, str]]:
    """The dimensions of an event that are known, each with its value."""
    for name in _OWN:
        if value := getattr(row, name):
            yield name, value
    if row.product_id is not None:
        yield "product", str(row.product_id)
    metadata = row.metadata
    if not metadata:
        return
    if host := host_of(metadata.get("referrer")):
        yield "referrer", host
    if row.product_id is None and isinstance(product := metadata.get("product_id"), int | str):
        yield "product", str(product)[:_LONGEST]
    if row.type == "qr_scan" and "qr" not in metadata and isinstance(code := metadata.get("code"), str) and code:
        yield "qr", code[:_LONGEST]
    for name in _TOLD:
        if isinstance(value := metadata.get(name), str) and value:
            yield name, value[:_LONGEST]
