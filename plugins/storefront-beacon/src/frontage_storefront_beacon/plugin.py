"""The declaration: readable as a table of contents."""

from datetime import timedelta

from frontage.plugin import ADDRESS, KEY, Job, Plugin, Policy
from frontage_storefront_beacon.settings import Settings

plugin = Plugin(
    slug="storefront-beacon",
    title="Storefront beacon",
    paths=("/beacon", "/storefront/api/v1"),
    settings=Settings,
    policies={
        "ingest": Policy("6000;w=60", per=(KEY,)),
        "visitor": Policy("300;w=60", per=(KEY, ADDRESS)),
    },
    scopes={
        "beacon:write": "Send storefront events from a page.",
        "analytics:read": "Read what was counted.",
    },
    routes="frontage_storefront_beacon.routes:routes",
    migrations="frontage_storefront_beacon.migrations",
    streams="frontage_storefront_beacon.streams:streams",
    assets="pixel",
    commands="frontage_storefront_beacon.commands:storefront_beacon",
    jobs=(Job("forget", every=timedelta(days=1), run="frontage_storefront_beacon.jobs:forget"),),
    start="frontage_storefront_beacon.starting:start",
    demo="frontage_storefront_beacon.demo:show",
    showcase="frontage_storefront_beacon.showcase:showcase",
)
