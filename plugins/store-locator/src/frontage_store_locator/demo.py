"""Places for a newcomer: airports pass for shops, with real positions, names and time zones."""

from collections.abc import Mapping
from typing import Any

from frontage.plugin import PluginContext, Tenant, utc_now
from frontage_store_locator.importing.running import Import, Options
from frontage_store_locator.queries import PlaceFilter, count_places

_COLUMNS = ("external_id", "name", "city", "region", "country", "lat", "lon", "time_zone", "tags", "hours")
_HOURS = ("Mo-Sa 08:00-18:00; PH off", "24/7", "Mo-Fr 09:00-17:30; Sa 09:00-13:00", "Mo-Su 10:00-22:00")


async def show(context: PluginContext, tenant: Tenant) -> None:
    """Give a tenant without places those of the package `airportsdata`, when it is installed (`[demo]`)."""
    try:
        import airportsdata
    except ModuleNotFoundError:
        return
    async with context.reading(tenant) as session:
        if await count_places(session, PlaceFilter(session)):
            return
    began = utc_now()
    outcome = await Import(context, tenant, Options(skip_invalid=True)).run(_file(airportsdata.load("IATA")))
    context.log.info("demo.places", tenant=tenant.slug, places=outcome.created, seconds=(utc_now() - began).seconds)


def _file(airports: Mapping[str, Mapping[str, Any]]) -> bytes:
    """The airports as somebody's CSV, so that a demo goes the way of any import."""
    import csv
    import io

    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(_COLUMNS)
    for number, one in enumerate(airports.values()):
        writer.writerow((
            one["iata"], one["name"], one["city"], one["subd"], one["country"], one["lat"], one["lon"], one["tz"],
            "demo; airport", _HOURS[number % len(_HOURS)],
        ))  # fmt: skip
    return buffer.getvalue().encode()
