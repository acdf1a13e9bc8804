"""From a request to an event: what is kept of its visitor, and what never is."""

import math
from datetime import datetime
from typing import Any

from frontage.plugin import HotRequest, is_bot, utc_now
from frontage_landing_analytics.canonical import EventType, Source
from frontage_landing_analytics.days import local_day
from frontage_landing_analytics.memory import memory_of
from frontage_landing_analytics.referrers import page_alone
from frontage_landing_analytics.settings import Settings
from frontage_landing_analytics.streams import BotVisit, Interaction
from frontage_landing_analytics.visitors import visitor_hash

_LONGEST = 512
_MOST_SECONDS = 86_400
_OF_A_PERSON = frozenset({"referrer", "user_agent", "session_id", "device_id", "customer_id", "visitor_id"})
"""Members of metadata that a privacy signal takes out."""


async def record(request: HotRequest[Any, Settings], kind: EventType, source: Source, **facts: Any) -> None:
    """Keep an event of a request's tenant: as a bot's, as a visitor's, or as nobody's."""
    tenant, privacy = request.tenant, request.privacy
    assert tenant is not None
    if privacy == "drop":
        request.context.intake.drop(Interaction, "privacy signal")
        return
    now = utc_now()
    facts = {"occurred": now, **facts, "received": now, "day": local_day(tenant, now), "type": kind, "source": source}
    agent = request.header(b"user-agent")
    if agent is not None and is_bot(agent := agent[:_LONGEST]):
        await request.accept(_bot_visit(facts, None if privacy else agent))
        return
    metadata = facts.get("metadata")
    if kind == "time_on_page":
        facts["milliseconds"] = _milliseconds(metadata or {}, request.settings)
    if metadata:
        facts["metadata"] = _kept(metadata, anonymous=privacy is not None)
    if privacy is None:
        referrer = request.header(b"referer")
        facts["user_agent"] = agent
        facts["referrer"] = page_alone(referrer)[:_LONGEST] if referrer else None
        facts["visitor"] = await _visitor(request, now)
    await request.accept(Interaction(**facts))


async def _visitor(request: HotRequest[Any, Settings], now: datetime) -> str | None:
    tenant = request.tenant
    assert tenant is not None
    day, window = local_day(tenant, now), request.settings.salt_window
    salts = memory_of(request.context).salts
    salt = salts.known(tenant, day, window) or await salts.found(tenant, day, window)
    return None if salt is None else visitor_hash(salt, tenant.id, request.address)


def _bot_visit(facts: dict[str, Any], agent: str | None) -> BotVisit:
    kept = ("id", "occurred", "received", "day", "type", "source")
    return BotVisit(user_agent=agent, **{name: facts[name] for name in kept if name in facts})


def _kept(metadata: dict[str, Any], *, anonymous: bool) -> dict[str, Any]:
    if anonymous:
        return {name: value for name, value in metadata.items() if name not in _OF_A_PERSON}
    referrer = metadata.get("referrer")
    return {**metadata, "referrer": page_alone(referrer)[:_LONGEST]} if isinstance(referrer, str) else metadata


def _milliseconds(metadata: dict[str, Any], settings: Settings) -> int:
    told = metadata.get("seconds", metadata.get("duration"))
    if isinstance(told, str) and told.isascii() and told.isdigit() and len(told) <= len(str(_MOST_SECONDS)):
        told = int(told)
    if isinstance(told, bool) or not isinstance(told, int | float) or not math.isfinite(told):
        return settings.heartbeat_seconds * 1000
    return round(told * 1000) if 0 <= told <= _MOST_SECONDS else settings.heartbeat_seconds * 1000
