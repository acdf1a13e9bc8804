"""The declaration: static, light to import, readable as a table of contents."""

from frontage.plugin import ADDRESS, KEY, Plugin, Policy

from frontage_loyalty_stamps.settings import Settings

plugin = Plugin(
    slug="loyalty-stamps",
    title="Loyalty stamps",
    paths=("/loyalty-stamps/api/v1",),
    settings=Settings,
    policies={"stamp": Policy("120;w=60", per=(KEY, ADDRESS))},
    scopes={
        "loyalty-stamps:read": "Read cards and rewards.",
        "loyalty-stamps:write": "Give rewards.",
    },
    routes="frontage_loyalty_stamps.routes:routes",
    models="frontage_loyalty_stamps.models",
    migrations="frontage_loyalty_stamps.migrations",
    streams="frontage_loyalty_stamps.streams:streams",
)
