"""All routes of the plugin."""

from frontage_storefront_beacon.beacon import beacon
from frontage_storefront_beacon.debug import debug_events
from frontage_storefront_beacon.reports.funnel import read_funnel
from frontage_storefront_beacon.reports.list_routes import list_routes
from frontage_storefront_beacon.reports.trend import read_trend

routes = [beacon, debug_events, *list_routes, read_funnel, read_trend]
