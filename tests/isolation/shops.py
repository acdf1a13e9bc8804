"""Three shops that have everything: `victim` never asks, `actor` asks with every credential, `stranger` is the other."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from frontage.host.discovery import Candidate
from frontage.host.loading import load_roster
from frontage.testing.harness import Running, running, settings_for

VICTIM, ACTOR, STRANGER = "victim", "actor", "stranger"
_FIRST_NUMBER = 710_001
"""Nothing that an example body makes up has such a number for a name."""
_PLENTY = "1000000;w=60"
_THINGS = {"landing-analytics": 'qr_codes = {{ "{slug}-door" = "https://{slug}.example/" }}\n'}
"""What a shop names in its file alone, by plugin: no table holds it, and paths name it."""


@asynccontextmanager
async def everything(url: str, folder: Path, candidates: list[Candidate], **settings: object) -> AsyncIterator[Running]:
    """A platform that serves all these plugins to the three shops, with no limit and no regular job in the way."""
    plugins = load_roster(candidates).plugins
    policies = ["secret", "publishable", *(name for plugin in plugins.values() for name in plugin.full_policies)]
    files = tenant_files(list(plugins), policies)
    async with running(settings_for(url, folder, **settings), files, candidates, with_jobs=False) as platform:
        yield platform


def tenant_files(plugins: list[str], policies: list[str]) -> dict[str, str]:
    """The files of the three shops."""
    plenty = "[policies]\n" + "".join(f'"{name}" = "{_PLENTY}"\n' for name in policies)
    turned_on = "".join(f"[plugins.{slug}]\n{_THINGS.get(slug, '')}" for slug in plugins)
    return {
        slug: f'name = "{slug}"\nnumber = {number}\n{plenty}{turned_on.format(slug=slug)}'
        for number, slug in enumerate((VICTIM, ACTOR, STRANGER), start=_FIRST_NUMBER)
    }
