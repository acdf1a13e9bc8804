"""What the real server runs on: the kitchen sink installed, three shops, and a key for each that no limit stops."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from shelf import open_shelf

from frontage.base.settings import Settings
from frontage.tenants.policy import parse_windows
from frontage.testing.harness import running

SHOPS = {
    slug: f'name = "{slug}"\nnumber = {number}\n[plugins.kitchen-sink]\n'
    for number, slug in enumerate(("acme", "bolt", "cork"), start=1)
}
WITHOUT_END = parse_windows("1000000000;w=1")


@dataclass(frozen=True)
class Shop:
    """A tenant, and the key with which browsers send its events."""

    tenant: UUID
    key: str


@dataclass(frozen=True)
class Site:
    """An environment for `frontage`, and who lives there."""

    environment: dict[str, str]
    shops: list[Shop]
    slugs: tuple[str, ...] = tuple(SHOPS)


async def make_site(folder: Path, url: str | None) -> Site:
    """Migrate, apply and make keys; without a URL the database is the embedded one."""
    with open_shelf(folder / "site") as shelf:
        candidate = shelf.put_kitchen_sink()
        environment = shelf.environment(folder, url)
        async with running(Settings.from_environment(environment), SHOPS, [candidate]) as here:
            shops = [
                Shop(here.tenant(slug).id, await here.key(slug, "publishable", windows=WITHOUT_END)) for slug in SHOPS
            ]
    return Site(environment, shops)
