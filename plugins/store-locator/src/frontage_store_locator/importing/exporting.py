"""Places as a file that can be imported again and then changes nothing."""

import csv
import io
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date
from typing import Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy import select

from frontage.plugin import PluginContext, Tenant, guarded
from frontage_store_locator.importing.columns import COLUMNS
from frontage_store_locator.models import Place

Format = Literal["csv", "geojson"]
_ROWS_AT_A_TIME = 500
_READ = [getattr(Place, name) for name in COLUMNS]
_BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


async def export(context: PluginContext, tenant: Tenant, format_: Format) -> AsyncIterator[bytes]:
    """The file in pieces; the database is held for one piece at a time, so a slow reader holds up nobody."""
    head, render, tail = _WRITERS[format_]
    yield head
    after, first = UUID(int=0), True
    while rows := await _read(context, tenant, after):
        after = rows[-1][0]
        yield render([dict(zip(COLUMNS, row[1:], strict=True)) for row in rows], first)
        first = False
    yield tail


async def _read(context: PluginContext, tenant: Tenant, after: UUID) -> Sequence[Any]:
    wanted = select(Place.id, *_READ).where(Place.deleted_at.is_(None), Place.id > after)
    async with context.reading(tenant) as session:
        return (await session.execute(wanted.order_by(Place.id).limit(_ROWS_AT_A_TIME))).all()


def _csv(places: list[dict[str, Any]], _first: bool) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerows([_cell(name, place[name]) for name in COLUMNS] for place in places)
    return buffer.getvalue().encode()


def _cell(name: str, value: Any) -> str:
    if value is None or value in ([], {}):
        return ""
    match value:
        case float() | int():
            return repr(value)
        case date():
            return value.isoformat()
        case str():
            return guarded(value)
        case list() if name == "tags" and not any(set("[;|") & set(tag) for tag in value):
            return guarded("; ".join(value))
    return guarded(msgspec.json.encode(value).decode())


def _geojson(places: list[dict[str, Any]], first: bool) -> bytes:
    return (b"" if first else b",\n") + b",\n".join(msgspec.json.encode(_feature(place)) for place in places)


def _feature(place: dict[str, Any]) -> dict[str, Any]:
    has_position = place["lat"] is not None and place["lon"] is not None
    geometry = {"type": "Point", "coordinates": [place["lon"], place["lat"]]} if has_position else None
    properties = {name: value for name, value in place.items() if name not in {"lat", "lon"}}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


_CSV_HEAD = (_BYTE_ORDER_MARK + ",".join(COLUMNS) + "\r\n").encode()
_WRITERS: dict[Format, tuple[bytes, Callable[[list[dict[str, Any]], bool], bytes], bytes]] = {
    "csv": (_CSV_HEAD, _csv, b""),
    "geojson": (b'{"type":"FeatureCollection","features":[\n', _geojson, b"\n]}\n"),
}
MEDIA_TYPES: dict[Format, str] = {"csv": "text/csv; charset=utf-8", "geojson": "application/geo+json"}
