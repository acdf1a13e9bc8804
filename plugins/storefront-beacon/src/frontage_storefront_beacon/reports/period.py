"""The days of a report, in the shop's own time zone."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from litestar.params import QueryParameter

from frontage.plugin import FromQuery, Tenant, invalid, utc_now

MOST_DAYS = 400
_USUAL_DAYS = 30

Since = FromQuery[Annotated[date | None, QueryParameter(description="The first day; 30 days up to `until` if absent.")]]
Until = FromQuery[Annotated[date | None, QueryParameter(description="The last day; today if absent.")]]


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


def period_of(tenant: Tenant, since: date | None, until: date | None) -> Period:
    """The days that are asked for, or a problem that says what is wrong with them."""
    try:
        last = until or utc_now().astimezone(tenant.timezone).date()
        first = since or last - timedelta(days=_USUAL_DAYS - 1)
        period = Period(first, last, tenant.timezone.key)
        reachable = period.before.since
    except OverflowError:
        raise invalid("since", "No such day can be counted.") from None
    if not reachable < period.since <= period.until:
        raise invalid("since", "Expected a day that is not after `until`.")
    if period.days > MOST_DAYS:
        raise invalid("since", f"Expected at most {MOST_DAYS} days up to `until`.")
    return period
