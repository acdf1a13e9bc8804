"""All routes of the plugin."""

from frontage_storefront_beacon.beacon import beacon
from frontage_storefront_beacon.debug import debug_events

routes = [beacon, debug_events]
