"""The same route twice: without its sink, and with it."""

from typing import Annotated

from msgspec import Meta, Struct
from tests.bench.front_plugin.streams import Visit

from frontage.plugin import NO_CONTENT, Answer, HotRequest, NoSettings, hot, not_found, publishable_key

LIMITS = ("ingest",)


class VisitIn(Struct):
    """A visit, as a page tells of it."""

    card: Annotated[str, Meta(min_length=1, max_length=64)]
    page: Annotated[str, Meta(max_length=200)]
    visitor: Annotated[str, Meta(max_length=64)]


@hot.post("/bench-front/api/seen", body=VisitIn, tenant=publishable_key, limit=LIMITS, off=not_found)
async def seen(_request: HotRequest[VisitIn, NoSettings]) -> Answer:
    """Key, tenant, limits, body, headers, and nothing more."""
    return NO_CONTENT


@hot.post("/bench-front/api/kept", body=VisitIn, tenant=publishable_key, limit=LIMITS, off=not_found)
async def kept(request: HotRequest[VisitIn, NoSettings]) -> Answer:
    """The same, and the event on disk."""
    await request.accept(Visit(card=request.body.card))
    return NO_CONTENT


routes = [seen, kept]
