"""A small plugin of the kit's own, that stands beside the one that is judged and must not suffer from it."""

from functools import cache
from importlib.metadata import EntryPoint, version

from msgspec import Struct

from frontage.host.discovery import GROUP, Candidate
from frontage.host.loading import load_parts, load_roster
from frontage.host.mounting import prove
from frontage.host.roster import Entry
from frontage.plugin import Plugin, get, nobody, not_found

PATH = "/contract-neighbour/api/v1/greeting"


class Greeting(Struct, frozen=True):
    """What the neighbour says."""

    words: str = "Good morning."


@get(PATH, tenant=nobody, limit=(), off=not_found)
async def greet() -> Greeting:
    """Greet whoever comes by."""
    return Greeting()


routes = [greet]
plugin = Plugin(
    slug="contract-neighbour",
    title="The neighbour",
    paths=("/contract-neighbour",),
    routes=f"{__name__}:routes",
)


def neighbour_candidate() -> Candidate:
    """The neighbour as if it were installed."""
    point = EntryPoint(plugin.slug, f"{__name__}:plugin", GROUP)
    return Candidate(plugin.slug, point, "frontage", version("frontage"))


@cache
def load_neighbour() -> Entry:
    """The neighbour as the host serves it."""
    roster = load_roster([neighbour_candidate()])
    load_parts(roster)
    prove(roster)
    return roster.entries[0]
