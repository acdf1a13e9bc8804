"""From an event as it came to the row that is kept: its id, what the server knows, and what must not be kept."""

from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any
from uuid import UUID

import msgspec

from frontage.plugin import Agent, HotRequest, id_from, read_agent
from frontage_storefront_beacon.interaction import Channel, Interaction
from frontage_storefront_beacon.judging import LATE, Judged, type_of
from frontage_storefront_beacon.settings import Settings
from frontage_storefront_beacon.wire import EventIn

_encode = msgspec.msgpack.Encoder().encode
_APPS = ("tapcart", "fuego")


def interactions_of(request: HotRequest[Judged, Settings]) -> list[Interaction]:
    """The rows of a batch; none when the visitor asks not to be counted and the tenant obeys."""
    privacy = request.privacy
    if privacy == "drop":
        return []
    agent = read_agent(request.header(b"user-agent"))
    channel = _channel(request)
    build = _anonymous if privacy == "anonymise" else _known
    judged = request.body
    return [build(event, judged.now, agent, event.shopping_channel or channel) for event in judged.events]


def _known(event: EventIn, now: datetime, agent: Agent, channel: Channel) -> Interaction:
    moment: Any = event.timestamp
    product: Any = event.product_id
    variant: Any = event.variant_id
    return Interaction(
        id=_id_of(event),
        occurred=moment,
        received=now,
        kind=type_of(event),
        bot=agent.is_bot,
        late=now - moment > LATE,
        session_id=event.session_id,
        device_id=event.device_id,
        customer_id=event.customer_id,
        attribution_token=event.attribution_token,
        product_id=product,
        variant_id=variant,
        collection_handle=event.collection_handle,
        query=event.query,
        position=event.position,
        block_id=event.block_id,
        search_id=event.search_id,
        channel=channel,
        marketing_source=event.marketing_source,
        marketing_medium=event.marketing_medium,
        marketing_campaign=event.marketing_campaign,
        contextual_data=event.contextual_data,
        device=agent.device,
        browser=agent.browser,
        os=agent.os,
    )


def _anonymous(event: EventIn, now: datetime, agent: Agent, channel: Channel) -> Interaction:
    """Without whatever could tell one visitor from another; what pages say in their own words could as well."""
    row = _known(event, now, agent, channel)
    nobody = dict.fromkeys(("session_id", "device_id", "customer_id", "contextual_data", "device", "browser", "os"))
    return msgspec.structs.replace(row, **nobody)


def _id_of(event: EventIn) -> UUID:
    """The event's own id, or a digest of all that it says: an exact repeat is the same event."""
    if event.event_id is not None:
        return id_from(event.event_id)
    return UUID(bytes=blake2b(_encode(event), digest_size=16).digest())


def _channel(request: HotRequest[Judged, Settings]) -> Channel:
    """Apps that wrap a shop name themselves."""
    app = _names_app(request.header(b"user-agent")) or _names_app(request.header(b"x-requested-with"))
    return "app" if app else "web"


@lru_cache(4096)
def _names_app(told: str | None) -> bool:
    return told is not None and any(app in told.lower() for app in _APPS)
