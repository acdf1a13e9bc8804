"""What the dashboard's two answers hold."""

from datetime import date

from msgspec import Struct


class DayVisitors(Struct, frozen=True):
    """The distinct visitors of one of the tenant's days."""

    date: date
    visitors: int


class DashboardData(Struct, frozen=True):
    """The week: today and the six days before it, in the tenant's time zone."""

    visitors_today: int
    visitors_week: int
    whatsapp_clicks: int
    call_clicks: int
    currency_toggles: int
    qr_scans: int
    avg_time_on_page: int
    last_7_days: list[DayVisitors]


class Dashboard(Struct, frozen=True):
    """The numbers of a tenant's pages."""

    success: bool
    data: DashboardData


class Today(Struct, frozen=True):
    """The numbers of today."""

    success: bool
    visitors_today: int
    whatsapp_clicks: int
    qr_scans: int
    products_viewed: int
