"""A tenant's calendar days. They never go back: a change of time zone holds from the next local day on."""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo


class HeldDay(NamedTuple):
    """The day on which a tenant changed its time zone; it lasts as long as in the zone of before."""

    day: date
    until: datetime


def day_at(moment: datetime, zone: ZoneInfo, held: HeldDay | None) -> date:
    """The tenant's day at a moment that is not before its last change of zone."""
    if held is None:
        return moment.astimezone(zone).date()
    if moment < held.until:
        return held.day
    return max(moment.astimezone(zone).date(), held.day)


def day_to_hold(now: datetime, zone: ZoneInfo, held: HeldDay | None) -> HeldDay:
    """What is to be held when a tenant leaves a zone now."""
    if held is not None and now < held.until:
        return held
    day = day_at(now, zone, held)
    after = day + timedelta(days=1)
    return HeldDay(day, datetime(after.year, after.month, after.day, tzinfo=zone).astimezone(UTC))
