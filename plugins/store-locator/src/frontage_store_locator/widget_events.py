"""What a widget tells of its visitors: one log line an event, no row, and a number for what was dropped."""

from urllib.parse import urlsplit, urlunsplit

from frontage.plugin import Call, Problem, get_logger
from frontage_store_locator.schemas import WidgetEventIn, WidgetEventType

log = get_logger(__name__)

_KEY, _REFERRER, _QUERY, _PLACE = 12, 512, 256, 64
_CLICKS = {WidgetEventType.VIEW_STORE_CLICK, WidgetEventType.GET_DIRECTIONS_CLICK}
_CONTROL = dict.fromkeys((*range(32), *range(127, 160), 0x2028, 0x2029))


def note(event: WidgetEventIn) -> None:
    """Write the line of an event: only what belongs to it, cut, without control characters."""
    place = event.location_short_id or event.location_public_id
    facts = {
        "key": _clean(event.api_key, _KEY),
        "referrer": _clean(_page(event.referrer), _REFERRER),
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
        context.count("widget_events_dropped", reason_of(problem))


def _clean(text: str, longest: int) -> str:
    return text.translate(_CONTROL)[:longest]


def _page(referrer: str) -> str:
    """The page alone: queries and fragments hold what visitors do not mean to tell."""
    try:
        parts = urlsplit(referrer)
    except ValueError:
        return referrer.partition("?")[0].partition("#")[0]
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
