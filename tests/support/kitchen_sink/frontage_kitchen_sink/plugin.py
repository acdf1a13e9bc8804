"""The declaration: readable as a table of contents."""

from datetime import timedelta

from frontage.plugin import ADDRESS, KEY, TENANT, Job, Plugin, Policy
from frontage_kitchen_sink.settings import Settings

plugin = Plugin(
    slug="kitchen-sink",
    title="Kitchen sink",
    paths=("/kitchen/api/v1", "/kitchen/{shop}/menu"),
    settings=Settings,
    settings_version=2,
    upgrade_settings="frontage_kitchen_sink.settings:upgrade",
    policies={
        "order": Policy("50;w=60", per=(TENANT,)),
        "visitor": Policy("20;w=60", per=(KEY, ADDRESS)),
        "unknown": Policy("5;w=60", per=()),
    },
    scopes={
        "kitchen:read": "Read dishes.",
        "kitchen:write": "Change dishes.",
        "kitchen:order": "Send orders from a browser.",
    },
    schemas=("OrderIn",),
    routes="frontage_kitchen_sink.routes:routes",
    models="frontage_kitchen_sink.models",
    migrations="frontage_kitchen_sink.migrations",
    streams="frontage_kitchen_sink.streams:streams",
    assets="static",
    commands="frontage_kitchen_sink.commands:kitchen",
    jobs=(Job("wipe", every=timedelta(hours=1), run="frontage_kitchen_sink.jobs:wipe"),),
    start="frontage_kitchen_sink.jobs:open_kitchen",
    stop="frontage_kitchen_sink.jobs:close_kitchen",
    demo="frontage_kitchen_sink.jobs:show",
    showcase="frontage_kitchen_sink.showcase:showcase",
)
