"""Exact visitors by day and by week: one row a visitor with the last day and a bitmap of the 63 days up to it.

A day counts when its bit is new; the histogram of last days moves along. So a receipt that comes late, from a spool,
counts in its own day and nowhere twice, and a week's visitors are a sum of seven rows.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from frontage.intake.stream import Rollup

REACH = 62
"""How many days before the last one a visit still counts: a signed bigint has 63 bits."""


class Visitor(Rollup):
    """A visitor; subclass it, so that the plugin has a table of its own."""

    visitor: str
    last_day: date = date.min
    days: int = 0
    """Bit k: was here k days before `last_day`."""


class VisitorDay(Rollup):
    """A day of a tenant; subclass it. Visitors of the seven days up to today: the sum of their `last_here`."""

    day: date
    visitors: int = 0
    last_here: int = 0
    """Visitors whose last day this is."""


def see(
    visits: Sequence[tuple[UUID, str, date]],
    known: Mapping[tuple[UUID, str], Any],
    visitor: type[Visitor],
    by_day: Callable[..., Rollup],
) -> tuple[list[Visitor], list[Rollup]]:
    """What visits change: the visitors' new rows, and what is to be added to the days."""
    rows = dict(known)
    changed: dict[tuple[UUID, str], Visitor] = {}
    days: list[Rollup] = []
    for tenant, name, day in sorted(set(visits), key=lambda visit: (visit[0].int, visit[1], visit[2])):
        before = rows.get((tenant, name))
        after = _after(before, day)
        if after is None:
            continue
        row = visitor(tenant=tenant, visitor=name, last_day=after[0], days=after[1])
        rows[tenant, name] = changed[tenant, name] = row
        days.append(by_day(tenant=tenant, day=day, visitors=1))
        if before is None or before.last_day != after[0]:
            days.append(by_day(tenant=tenant, day=after[0], last_here=1))
            if before is not None:
                days.append(by_day(tenant=tenant, day=before.last_day, last_here=-1))
    return list(changed.values()), days


def _after(before: Any, day: date) -> tuple[date, int] | None:
    """The last day and the bitmap after a visit on this day, or None when it changes nothing."""
    if before is None:
        return day, 1
    distance = (day - before.last_day).days
    if distance > 0:
        shifted = before.days << distance if distance <= REACH else 0
        return day, (shifted | 1) & ((1 << REACH + 1) - 1)
    if -distance > REACH or before.days >> -distance & 1:
        return None
    return before.last_day, before.days | 1 << -distance
