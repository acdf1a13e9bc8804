"""The dashboard's numbers, from at most seven rows."""

from datetime import date, timedelta

from frontage.plugin import Rollups
from frontage_landing_analytics.dashboard_schemas import DashboardData, DayVisitors, Today
from frontage_landing_analytics.rollups import DayCount

_WEEK = 7


async def week_until(rollups: Rollups, today: date) -> DashboardData:
    """The numbers of the week that ends today."""
    days = [today - timedelta(days=back) for back in range(_WEEK - 1, -1, -1)]
    rows = {row.day: row for row in await rollups.rows(DayCount, since=days[0], until=today)}
    counted = [rows.get(day) or DayCount(day=day) for day in days]
    return DashboardData(
        visitors_today=counted[-1].visitors,
        visitors_week=sum(row.visitors_last for row in counted),
        whatsapp_clicks=sum(row.whatsapp_click for row in counted),
        call_clicks=sum(row.call for row in counted),
        currency_toggles=sum(row.currency_toggle for row in counted),
        qr_scans=sum(row.qr_scan for row in counted),
        avg_time_on_page=average_seconds(
            sum(row.milliseconds for row in counted), sum(row.stayers_last for row in counted)
        ),
        last_7_days=[DayVisitors(row.day, row.visitors) for row in counted],
    )


async def numbers_of(rollups: Rollups, today: date) -> Today:
    """The numbers of one day."""
    row = next(iter(await rollups.rows(DayCount, since=today, until=today)), DayCount(day=today))
    return Today(
        success=True,
        visitors_today=row.visitors,
        whatsapp_clicks=row.whatsapp_click,
        qr_scans=row.qr_scan,
        products_viewed=row.product_click,
    )


def average_seconds(milliseconds: int, visitors: int) -> int:
    """Seconds for each visitor, rounded half up; 0 for nobody."""
    return (2 * milliseconds + 1000 * visitors) // (2000 * visitors) if visitors else 0
