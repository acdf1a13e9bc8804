"""The dashboard: `GET /tenant/{tenantId}/analytics` and `…/today`, each with an alias under `/api/analytics`."""

from typing import Any

from litestar.handlers import HTTPRouteHandler

from frontage.plugin import (
    FromPath,
    Injected,
    PluginContext,
    Problem,
    Rollups,
    Tenant,
    get,
    not_found,
    secret_key,
    utc_now,
)
from frontage_landing_analytics.dashboard import numbers_of, week_until
from frontage_landing_analytics.dashboard_schemas import Dashboard, Today
from frontage_landing_analytics.refusals import told


def _own(tenant: Tenant, named: str, context: PluginContext) -> Tenant:
    """The key's tenant, which must be the one that the path names: another's numbers are not to be found."""
    if context.directory.find_tenant(named) is not tenant:
        raise Problem("not_found")
    return tenant


async def _week(
    tenant: Injected[Tenant], context: Injected[PluginContext], rollups: Injected[Rollups], tenant_id: FromPath[str]
) -> Dashboard:
    """The numbers of today and the six days before it, in the tenant's time zone."""
    today = _own(tenant, tenant_id, context).day_at(utc_now())
    return Dashboard(success=True, data=await week_until(rollups, today))


async def _today(
    tenant: Injected[Tenant], context: Injected[PluginContext], rollups: Injected[Rollups], tenant_id: FromPath[str]
) -> Today:
    """The numbers of today alone, in the tenant's time zone."""
    return await numbers_of(rollups, _own(tenant, tenant_id, context).day_at(utc_now()))


def _route(path: str, name: str, handler: Any) -> HTTPRouteHandler:
    return get(
        path,
        tenant=secret_key("analytics:read"),
        limit=("secret",),
        off=not_found,
        refuse=told,
        operation_id=f"landing-analytics.{name}",
        summary=name.replace("_", " ").capitalize(),
        tags=["Landing analytics"],
    )(handler)


dashboard_routes = [
    _route("/tenant/{tenant_id:str}/analytics", "dashboard", _week),
    _route("/tenant/{tenant_id:str}/analytics/today", "dashboard_today", _today),
    _route("/api/analytics/{tenant_id:str}", "dashboard_alias", _week),
    _route("/api/analytics/{tenant_id:str}/today", "dashboard_today_alias", _today),
]
