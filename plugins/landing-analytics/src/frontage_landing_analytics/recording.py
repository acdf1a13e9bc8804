"""From a request to an event: what is kept of its visitor, and what never is."""

import math
from datetime import date
from typing import Any

from frontage.plugin import Agent, HotRequest, Tenant, read_agent, utc_now
from frontage_landing_analytics.canonical import EventType, Source
from frontage_landing_analytics.memory import memory_of
from frontage_landing_analytics.own_visits import is_own
from frontage_landing_analytics.pages import page_alone, path_of
from frontage_landing_analytics.settings import Settings
from frontage_landing_analytics.streams import BotVisit, DropReason, Interaction

LONGEST = 512
_MOST_SECONDS = 86_400
_OF_A_PERSON = frozenset({"referrer", "user_agent", "session_id", "device_id", "customer_id", "visitor_id"})
"""Members of metadata that a privacy signal takes out."""


async def record(request: HotRequest[Any, Settings], kind: EventType, source: Source, **facts: Any) -> None:
    """Keep an event of a request's tenant: as a bot's, as a visitor's, or as nobody's."""
    tenant, privacy = request.tenant, request.privacy
    assert tenant is not None
    if privacy == "drop":
        _let_go(request, tenant, "privacy_signal")
        return
    if request.settings.own_networks and is_own(request.settings.own_networks, request.address):
        _let_go(request, tenant, "own_visit")
        return
    anonymous = privacy == "anonymise"
    now = utc_now()
    facts = {"occurred": now, **facts, "received": now, "day": tenant.day_at(now), "type": kind, "source": source}
    metadata = facts.get("metadata") or {}
    user_agent = request.header(b"user-agent")
    agent = read_agent(user_agent)
    if agent.is_bot or _is_automatic(request, metadata):
        await request.accept(_bot_visit(facts, None if anonymous else user_agent))
        return
    if kind == "time_on_page":
        facts["milliseconds"] = _milliseconds(metadata, request.settings)
    facts["page"] = path_of(metadata, request.header(b"referer"))
    if not anonymous:
        facts |= await _visitor(request, facts["day"], user_agent, agent)
    if metadata:
        facts["metadata"] = _kept(metadata, anonymous=anonymous)
    await request.accept(Interaction(**facts))


def _let_go(request: HotRequest[Any, Settings], tenant: Tenant, reason: DropReason) -> None:
    request.context.intake.drop(Interaction, reason.replace("_", " "))
    memory_of(request.context).drops.note(tenant, reason)


def _is_automatic(request: HotRequest[Any, Settings], metadata: dict[str, Any]) -> bool:
    """Signs of our own, beside the list of known bots: nobody looks at this page, or a program drives the browser."""
    purpose = request.headers.get(b"sec-purpose", b"") or request.headers.get(b"purpose", b"")
    return purpose.startswith(b"prefetch") or metadata.get("webdriver") is True


def _bot_visit(facts: dict[str, Any], user_agent: str | None) -> BotVisit:
    kept = ("id", "occurred", "received", "day", "type", "source")
    agent = user_agent[:LONGEST] if user_agent else None
    return BotVisit(user_agent=agent, **{name: facts[name] for name in kept if name in facts})


async def _visitor(
    request: HotRequest[Any, Settings], day: date, user_agent: str | None, agent: Agent
) -> dict[str, Any]:
    tenant, window = request.tenant, request.settings.salt_window
    assert tenant is not None
    salts = memory_of(request.context).salts
    salt = salts.known(tenant, day, window) or await salts.found(tenant, day, window)
    referrer = request.header(b"referer")
    return {
        "visitor": None if salt is None else salts.visitor(salt, tenant.id, request.address),
        "user_agent": user_agent[:LONGEST] if user_agent else None,
        "referrer": page_alone(referrer)[:LONGEST] if referrer else None,
        "device": agent.device,
        "browser": agent.browser,
        "os": agent.os,
        "country": request.country,
    }


def _kept(metadata: dict[str, Any], *, anonymous: bool) -> dict[str, Any]:
    if anonymous:
        return {name: value for name, value in metadata.items() if name not in _OF_A_PERSON}
    referrer = metadata.get("referrer")
    return {**metadata, "referrer": page_alone(referrer)[:LONGEST]} if isinstance(referrer, str) else metadata


def _milliseconds(metadata: dict[str, Any], settings: Settings) -> int:
    told = metadata.get("seconds", metadata.get("duration"))
    if isinstance(told, str) and told.isascii() and told.isdigit() and len(told) <= len(str(_MOST_SECONDS)):
        told = int(told)  # a form's values are text
    if isinstance(told, bool) or not isinstance(told, int | float) or not math.isfinite(told):
        return settings.heartbeat_seconds * 1000
    return round(told * 1000) if 0 <= told <= _MOST_SECONDS else settings.heartbeat_seconds * 1000
