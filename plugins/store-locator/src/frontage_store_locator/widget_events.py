"""What a widget tells of its visitors: one log line an event, no row of it, and a number for what was dropped."""

from urllib.parse import urlsplit, urlunsplit

from frontage.plugin import Call, HotRequest, PluginContext, Problem, Tenant, get_logger
from frontage_store_locator.funnel import note_step
from frontage_store_locator.schemas import WidgetEventIn, WidgetEventType
from frontage_store_locator.settings import Settings
from frontage_store_locator.streams import Step

log = get_logger(__name__)

DROPPED = "widget_events_dropped"
_KEY, _REFERRER, _QUERY, _PLACE = 12, 512, 256, 64
_STEPS: dict[WidgetEventType, Step] = {
    WidgetEventType.WIDGET_LOAD: "loads",
    WidgetEventType.LOCATION_SEARCH: "searches",
    WidgetEventType.VIEW_STORE_CLICK: "store_clicks",
    WidgetEventType.GET_DIRECTIONS_CLICK: "direction_clicks",
}
_CLICKS = {WidgetEventType.VIEW_STORE_CLICK, WidgetEventType.GET_DIRECTIONS_CLICK}
_CONTROL = dict.fromkeys((*range(32), *range(127, 160), 0x2028, 0x2029))


def take(request: HotRequest[WidgetEventIn, Settings]) -> None:
    """Write the line of an event, and count it if its tenant has the funnel on; a privacy signal is heard in both."""
    event, context = request.body, request.context
    request.tenant = _tenant_of(event.api_key, context)
    privacy = request.privacy
    if privacy == "drop":
        context.count(DROPPED, "privacy")
        return
    _log(event, with_page=privacy != "anonymise")
    note_step(request, _STEPS[event.event])


def _tenant_of(api_key: str, context: PluginContext) -> Tenant | None:
    """Whose page it is, as far as its key tells; nothing is refused for it, and nothing proves it."""
    key = context.directory.find_key(api_key) if api_key.startswith("cpk_") else None
    return key.tenant if key is not None and context.slug in key.tenant.plugins else None


def _log(event: WidgetEventIn, *, with_page: bool) -> None:
    """Only what belongs to an event, cut, without control characters."""
    place = event.location_short_id or event.location_public_id
    facts = {
        "key": _clean(event.api_key, _KEY),
        "referrer": _clean(_page(event.referrer), _REFERRER) if with_page else "",
        "query": _clean(event.query, _QUERY) if event.event is WidgetEventType.LOCATION_SEARCH else "",
        "location": _clean(place, _PLACE) if event.event in _CLICKS else "",
    }
    log.info("widget.event", kind=event.event.value, **{name: fact for name, fact in facts.items() if fact})


def reason_of(problem: Problem) -> str:
    """Why an event was dropped, in one of a few words."""
    if problem.code != "validation_error":
        return {"unsupported_media_type": "encoding"}.get(problem.code, problem.code)
    fields = {error.field for error in problem.errors}
    return "event" if "event" in fields else "not json" if "body" in fields else "field"


def drop(problem: Problem, call: Call) -> None:
    """Count an event that was not understood."""
    context = getattr(call, "context", None)
    if context is not None:
        context.count(DROPPED, reason_of(problem))


def _clean(text: str, longest: int) -> str:
    return text.translate(_CONTROL)[:longest]


def _page(referrer: str) -> str:
    """The page alone: queries and fragments hold what visitors do not mean to tell."""
    try:
        parts = urlsplit(referrer)
    except ValueError:
        return referrer.partition("?")[0].partition("#")[0]
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
