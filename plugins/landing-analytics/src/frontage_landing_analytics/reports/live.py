"""The shop's today as it grows, by server-sent events."""

from typing import Any

from litestar.response import Stream

from frontage.plugin import Call, Injected, PluginContext, Tenant, get
from frontage_landing_analytics.memory import memory_of
from frontage_landing_analytics.reports.words import API, WORDS

_HEADERS = {"X-Accel-Buffering": "no"}
"""A proxy in front must not gather what is to be heard at once."""


@get(f"{API}/live", media_type="text/event-stream", **WORDS)
async def listen_live(call: Injected[Call], context: Injected[PluginContext], tenant: Injected[Tenant]) -> Stream:
    """Tell the numbers of today at once, and again whenever they have changed, at most once a second.

    Each `event: today` carries all of them as JSON. A comment every fifteen seconds tells that the connection lives.
    It ends when the server does, or when the key is no longer good; whoever listens comes back.
    """
    assert call.key is not None
    # Nobody hears what a HEAD would be told.
    told: Any = [] if call.is_head else await memory_of(context).live.listen(tenant, call.key)
    return Stream(told, media_type="text/event-stream", headers=_HEADERS)
