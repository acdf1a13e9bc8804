"""The days of a report, in the tenant's own time zone, and the intervals that they are told in."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from litestar.params import FromQuery, QueryParameter

from frontage.base.clock import utc_now
from frontage.edge.problems import invalid
from frontage.tenants.tenant import Tenant

MOST_DAYS = 400
_USUAL_DAYS = 30
_MOST_HOURLY_DAYS = 31

Interval = Literal["hour", "day", "week", "month"]

Since = FromQuery[Annotated[date | None, QueryParameter(description="The first day; 30 days up to `until` if absent.")]]
Until = FromQuery[Annotated[date | None, QueryParameter(description="The last day; today if absent.")]]
IntervalChoice = FromQuery[
    Annotated[Interval, QueryParameter(description=f"`hour` goes for {_MOST_HOURLY_DAYS} days at most.")]
]


@dataclass(frozen=True, slots=True)
class Period:
    """From one day to another, both of them included."""

    since: date
    until: date
    timezone: str

    @property
    def days(self) -> int:
        """How many days."""
        return (self.until - self.since).days + 1

    @property
    def before(self) -> "Period":
        """As many days, directly before these."""
        whole = timedelta(days=self.days)
        return Period(self.since - whole, self.until - whole, self.timezone)

    def starts(self, interval: Interval) -> Iterator[str]:
        """Where its intervals begin, in their order; days of one week or month begin the same one."""
        hours = range(24 if interval == "hour" else 1)
        for number in range(self.days):
            for hour in hours:
                yield start_of(interval, self.since + timedelta(days=number), hour)


def period_of(tenant: Tenant, since: date | None, until: date | None, interval: Interval = "day") -> Period:
    """The days that are asked for, or a problem that says what is wrong with them."""
    try:
        last = until or tenant.day_at(utc_now())
        first = since or last - timedelta(days=_USUAL_DAYS - 1)
        period = Period(first, last, tenant.timezone.key)
        reachable = period.before.since
    except OverflowError:
        raise invalid("since", "No such day can be counted.") from None
    if not reachable < period.since <= period.until:
        raise invalid("since", "Expected a day that is not after `until`.")
    if period.days > MOST_DAYS:
        raise invalid("since", f"Expected at most {MOST_DAYS} days up to `until`.")
    if interval == "hour" and period.days > _MOST_HOURLY_DAYS:
        raise invalid("interval", f"Expected at most {_MOST_HOURLY_DAYS} days for hours.")
    return period


def start_of(interval: Interval, day: date, hour: int = 0) -> str:
    """Where the interval of a day and hour begins: a Monday, a first of the month; for hours with the hour."""
    if interval == "hour":
        return datetime(day.year, day.month, day.day, hour).isoformat(timespec="minutes")  # noqa: DTZ001  # the tenant's own
    if interval == "week":
        day -= timedelta(days=day.weekday())
    elif interval == "month":
        day = day.replace(day=1)
    return day.isoformat()
