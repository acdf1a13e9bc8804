"""What the platform remembers of plugins: who came first, and what each claimed when it was last read."""

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from frontage.base.clock import utc_now
from frontage.base.database import Database
from frontage.host.claims import longest_cover
from frontage.host.roster import Roster
from frontage.tenants.models import PluginRow


async def recall(database: Database) -> dict[str, tuple[str, ...]]:
    """The claims of every plugin that was ever in service, the first comer first; nothing on an empty database."""
    try:
        async with database.reading() as session:
            rows = (await session.scalars(select(PluginRow).order_by(PluginRow.first_seen, PluginRow.slug))).all()
    except DBAPIError:
        # Not migrated yet: nobody came before anybody.
        return {}
    return {row.slug: tuple(row.paths) for row in rows}


async def remember(database: Database, roster: Roster) -> None:
    """Note the claims of the plugins that serve."""
    insert = sqlite.insert if database.dialect == "sqlite" else postgresql.insert
    known = await recall(database)
    async with database.writing() as session:
        for entry in roster.serving:
            if known.get(entry.slug) == entry.claims:
                continue
            values = {"version": entry.candidate.version, "paths": list(entry.claims)}
            row = insert(PluginRow).values(slug=entry.slug, first_seen=utc_now(), **values)
            await session.execute(row.on_conflict_do_update(index_elements=["slug"], set_=values))


class StoppedPaths:
    """Tells whose path a request is for, when its plugin does not serve and no serving claim covers it better."""

    def __init__(self, roster: Roster, known: dict[str, tuple[str, ...]]) -> None:
        self._serving = [claim for entry in roster.serving for claim in entry.claims]
        self._stopped = {entry.slug: entry.claims or known.get(entry.slug, ()) for entry in roster.stopped}

    def __bool__(self) -> bool:
        return any(self._stopped.values())

    def owner(self, path: str) -> str | None:
        """The stopped plugin that a path belongs to."""
        healthy = longest_cover(self._serving, path)
        for slug, claims in self._stopped.items():
            if longest_cover(claims, path) > healthy:
                return slug
        return None
