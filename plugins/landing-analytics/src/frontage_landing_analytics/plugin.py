"""The declaration: readable as a table of contents."""

from datetime import timedelta

from frontage.plugin import ADDRESS, TENANT, Job, Plugin, Policy
from frontage_landing_analytics.settings import Settings

plugin = Plugin(
    slug="landing-analytics",
    title="Landing analytics",
    paths=(
        "/api/analytics",
        "/api/v1/analytics",
        "/api/v1/interactions",
        "/tenant/{tenant}/analytics",
        "/analytics/api/v1",
        "/t/{tenant}/{code}",
    ),
    settings=Settings,
    policies={
        "track": Policy("100;w=60", per=(TENANT,)),
        "visitor": Policy("60;w=60", per=(TENANT, ADDRESS)),
        "api": Policy("60;w=60", per=(TENANT, ADDRESS)),
        "tenant": Policy("300;w=60", per=(TENANT,)),
        "unknown": Policy("100;w=60", per=()),
    },
    scopes={
        "analytics:read": "Read the numbers of the tenant's pages.",
        "analytics:write": "Tell of products, and forget a visitor.",
    },
    routes="frontage_landing_analytics.routes:routes",
    models="frontage_landing_analytics.models",
    migrations="frontage_landing_analytics.migrations",
    streams="frontage_landing_analytics.streams:streams",
    assets="landing",
    jobs=(
        Job("forget-salts", every=timedelta(minutes=10), run="frontage_landing_analytics.salts:forget_salts"),
        Job("forget-visitors", every=timedelta(days=1), run="frontage_landing_analytics.visitors:forget_visitors"),
    ),
    commands="frontage_landing_analytics.commands:landing_analytics",
    demo="frontage_landing_analytics.demo:show",
    showcase="frontage_landing_analytics.showcase:showcase",
    start="frontage_landing_analytics.memory:start",
    stop="frontage_landing_analytics.memory:stop",
)
