"""What follows from the steps of one session on one day: searches that led to a click, attribution, the funnel.

A trace is a set of steps, so it is the same in whatever order they came, and its numbers follow from it alone.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from frontage.plugin import Rollup
from frontage_storefront_beacon.interaction import Interaction
from frontage_storefront_beacon.rollups import SearchDay, SessionDay, SessionTrace, TokenDay

MOST_STEPS = 300
"""Steps of a session and day that are followed; later ones count everywhere else."""
WINDOW, FULL = 600_000_000, 120_000_000
"""Microseconds for which what follows a response is counted to it, and for which it counts in full."""

IMPRESSION, CLICK, VIEW, ADD, SEARCH, SHOWN = "i", "c", "v", "a", "s", "t"
_CODES = {
    "product_impression": IMPRESSION,
    "product_click": CLICK,
    "product_view": VIEW,
    "add_to_cart": ADD,
    "search": SEARCH,
}
_WORDS = {CLICK: "clicks", VIEW: "views", ADD: "adds"}
_FUNNEL = ((IMPRESSION, "impressed"), (CLICK, "clicked"), (VIEW, "viewed"), (ADD, "added"))

Fact = tuple[type[Rollup], tuple[Any, ...], str]
"""A table, the key of a row without the tenant, and a field."""


class Step(NamedTuple):
    """One step of a session; texts are empty where there is none, so that steps can be sorted."""

    at: int
    kind: str
    token: str
    search: str
    query: str


def step_of(row: Interaction, query: str) -> Step | None:
    """The step that an event is, or None where nothing could follow from it."""
    token = row.attribution_token or ""
    kind = _CODES.get(row.kind) or (SHOWN if token else None)
    if kind is None:
        return None
    return Step(_micros(row), kind, token, row.search_id or "", query if kind == SEARCH else "")


def first_of(row: Interaction) -> list[Any]:
    """What a session is counted under if this event is its first."""
    return [_micros(row), row.channel, row.device or "", row.browser or "", row.os or ""]


def _micros(row: Interaction) -> int:
    moment = row.occurred
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


def extended(trace: SessionTrace, first: list[Any], steps: Sequence[Step]) -> SessionTrace:
    """The trace with more steps."""
    return SessionTrace(
        tenant=trace.tenant,
        day=trace.day,
        session=trace.session,
        first=min(trace.first, first) if trace.first else first,
        steps=sorted([*_steps(trace), *steps])[:MOST_STEPS],
    )


def facts_of(trace: SessionTrace) -> Counter[Fact]:
    """Everything that is counted from a trace."""
    if not trace.first:
        return Counter()
    steps = _steps(trace)
    facts: Counter[Fact] = Counter(_modelled(trace.day, steps))
    facts.update(_followed(trace.day, steps))
    session = (trace.day, *trace.first[1:])
    facts[SessionDay, session, "sessions"] = 1
    for field in _reached(steps):
        facts[SessionDay, session, field] = 1
    return facts


def _steps(trace: SessionTrace) -> list[Step]:
    """The steps of a trace, which come as lists from the database."""
    steps = trace.steps
    return steps if steps and type(steps[0]) is Step else [Step(*step) for step in steps]


def _reached(steps: Sequence[Step]) -> Iterator[str]:
    """The steps of the funnel, each after the one before."""
    since = 0
    for kind, field in _FUNNEL:
        since = next((at for at in range(since, len(steps)) if steps[at].kind == kind), len(steps))
        if since == len(steps):
            return
        yield field


def _modelled(day: date, steps: Sequence[Step]) -> Iterator[Fact]:
    """What carries no token counts to the last response that the session has shown before, for ten minutes."""
    shown = [step for step in steps if step.token]
    moments = [step.at for step in shown]
    for step in steps:
        if step.token or step.kind not in _WORDS:
            continue
        before = bisect_right(moments, step.at) - 1
        if before >= 0 and (passed := step.at - moments[before]) <= WINDOW:
            weight = "full" if passed <= FULL else "half"
            yield TokenDay, (day, shown[before].token), f"{weight}_{_WORDS[step.kind]}"


def _followed(day: date, steps: Sequence[Step]) -> Iterator[Fact]:
    """A click belongs to the search that it names by id or token, else to the last one in the ten minutes before."""
    searches = [step for step in steps if step.kind == SEARCH]
    if not searches:
        return
    moments = [step.at for step in searches]
    named = _by_name(searches)
    clicked: set[int] = set()
    for click in (step for step in steps if step.kind == CLICK):
        if click.search or click.token:
            clicked |= named[_name(click)]
        elif (before := bisect_right(moments, click.at) - 1) >= 0 and click.at - moments[before] <= WINDOW:
            clicked.add(before)
    for at, search in enumerate(searches):
        yield SearchDay, (day, search.query), "followed"
        if at in clicked:
            yield SearchDay, (day, search.query), "clicked"


def _by_name(searches: Sequence[Step]) -> dict[tuple[str, str], set[int]]:
    """Where the searches with an id or a token stand."""
    named: dict[tuple[str, str], set[int]] = defaultdict(set)
    for at, search in enumerate(searches):
        named["search", search.search].add(at)
        named["token", search.token].add(at)
    return named


def _name(click: Step) -> tuple[str, str]:
    return ("search", click.search) if click.search else ("token", click.token)
