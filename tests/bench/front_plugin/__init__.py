"""The plugin that the bench of the front serves: one route that keeps nothing, and the same with its event kept."""

from frontage.plugin import KEY, Plugin, Policy

plugin = Plugin(
    slug="bench-front",
    title="Bench of the front",
    paths=("/bench-front/api",),
    policies={"ingest": Policy(["100000000;w=60", "900000000;w=86400"], per=(KEY,))},
    routes=f"{__name__}.routes:routes",
    migrations=f"{__name__}.migrations",
    streams=f"{__name__}.streams:streams",
)
