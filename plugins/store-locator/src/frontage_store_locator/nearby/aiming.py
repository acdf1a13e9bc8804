"""A search for where words lead instead of around the visitor."""

from msgspec.structs import replace

from frontage.plugin import PluginContext, Tenant
from frontage_store_locator.geocode_schemas import GeocodeAnswer, answer_of
from frontage_store_locator.nearby.search import Search
from frontage_store_locator.schemas import FARTHEST_KM


async def aimed(context: PluginContext, tenant: Tenant, search: Search, words: str) -> tuple[Search, GeocodeAnswer]:
    """The search as the words want it, and what they were taken to mean.

    An area of the shop's own is all of its places there, whatever the radius, as far as they are from the visitor.
    """
    from frontage_store_locator.words.finding import find_by_words

    found = await find_by_words(context, tenant, words, (search.lat, search.lon))
    match = found.match
    if match is None:
        search = replace(search, within=frozenset())
    elif match.places:
        search = replace(search, within=frozenset(match.places), radius_m=FARTHEST_KM * 1000.0)
    else:
        search = replace(search, lat=match.lat, lon=match.lon)
    return search, answer_of(found)
