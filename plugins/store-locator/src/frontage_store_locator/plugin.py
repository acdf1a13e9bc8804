"""The declaration: readable as a table of contents."""

from datetime import timedelta

from frontage.plugin import ADDRESS, KEY, TENANT, Job, Plugin, Policy
from frontage_store_locator.settings import Settings

plugin = Plugin(
    slug="store-locator",
    title="Store locator",
    paths=("/locations/api/v1", "/stores/{tenant}"),
    settings=Settings,
    policies={"visitor": Policy("60;w=60", per=(KEY, ADDRESS)), "pages": Policy("3000;w=60", per=(TENANT,))},
    scopes={
        "locations:read": "Read places, also those that are not published.",
        "locations:write": "Add, change, import and remove places.",
        "analytics:read": "Read what was counted of visitors.",
    },
    schemas=("LocationsResponse", "LocationOut", "OrganizationOut", "WidgetEventIn", "WidgetEventType"),
    routes="frontage_store_locator.routes:routes",
    models="frontage_store_locator.models",
    migrations="frontage_store_locator.migrations",
    streams="frontage_store_locator.streams:streams",
    assets="widget",
    commands="frontage_store_locator.commands:store_locator",
    jobs=(Job("imports", every=timedelta(seconds=30), run="frontage_store_locator.importing.jobs:resume"),),
    start="frontage_store_locator.starting:start",
    stop="frontage_store_locator.stopping:stop",
    demo="frontage_store_locator.demo:show",
    showcase="frontage_store_locator.showcase:showcase",
)
