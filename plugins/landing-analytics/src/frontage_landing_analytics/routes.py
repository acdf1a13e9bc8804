"""All routes of the plugin."""

from frontage_landing_analytics.commerce_routes import commerce_routes
from frontage_landing_analytics.conversion_routes import conversion_routes
from frontage_landing_analytics.dashboard_routes import dashboard_routes
from frontage_landing_analytics.interaction_routes import interaction_routes
from frontage_landing_analytics.product_routes import product_routes
from frontage_landing_analytics.qr_routes import draw_code, list_codes
from frontage_landing_analytics.reports.breakdown import read_breakdown
from frontage_landing_analytics.reports.drops import read_drops
from frontage_landing_analytics.reports.events import export_events
from frontage_landing_analytics.reports.funnel import read_funnel
from frontage_landing_analytics.reports.live import listen_live
from frontage_landing_analytics.reports.revenue import read_revenue
from frontage_landing_analytics.reports.trend import read_trend
from frontage_landing_analytics.scan_routes import follow_code
from frontage_landing_analytics.track_routes import track_routes
from frontage_landing_analytics.visitor_routes import visitor_routes

routes = [
    *track_routes,
    *commerce_routes,
    *conversion_routes,
    *interaction_routes,
    *dashboard_routes,
    *product_routes,
    *visitor_routes,
    read_trend,
    read_breakdown,
    read_funnel,
    read_revenue,
    read_drops,
    listen_live,
    export_events,
    follow_code,
    list_codes,
    draw_code,
]
