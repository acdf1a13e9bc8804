"""All routes of the plugin."""

from frontage_store_locator.funnel_routes import funnel_routes
from frontage_store_locator.geocode_routes import geocode_routes
from frontage_store_locator.importing.routes import import_routes
from frontage_store_locator.pages.routes import page_routes
from frontage_store_locator.place_routes import place_routes
from frontage_store_locator.public_routes import public_routes

routes = [*public_routes, *geocode_routes, *place_routes, *import_routes, *funnel_routes, *page_routes]
