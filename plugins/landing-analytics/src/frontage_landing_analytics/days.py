"""The tenant's own calendar day."""

from datetime import date, datetime

from frontage.plugin import Tenant


def local_day(tenant: Tenant, moment: datetime) -> date:
    """The day on which a moment falls where the tenant is."""
    return moment.astimezone(tenant.timezone).date()
