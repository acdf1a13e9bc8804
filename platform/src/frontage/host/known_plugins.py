"""What the platform remembers of plugins: who came first, and what each claimed when it was last read."""

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from frontage.base.clock import utc_now
from frontage.base.database import Database
from frontage.host.claims import RESERVED, is_covered
from frontage.host.roster import Roster
from frontage.tenants.models import EnablementRow, JobRow, PluginRow
from frontage.tenants.revision import begin_change, mark_changed


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


async def forget(database: Database, slug: str) -> None:
    """Turn a plugin off for every tenant, and forget its claims and when its jobs ran."""
    async with database.writing() as session:
        has_it = select(EnablementRow.tenant_id).where(EnablementRow.plugin == slug)
        tenant_ids = (await session.scalars(has_it)).all()
        await mark_changed(session, tenant_ids, await begin_change(session))
        await session.execute(delete(EnablementRow).where(EnablementRow.plugin == slug))
        await session.execute(delete(PluginRow).where(PluginRow.slug == slug))
        await session.execute(delete(JobRow).where(JobRow.name.startswith(f"{slug}.", autoescape=True)))


class StoppedPaths:
    """Tells whose path a request is for, when its plugin does not serve and nobody who serves has a claim on it."""

    def __init__(self, roster: Roster, known: dict[str, tuple[str, ...]]) -> None:
        self._serving = [*RESERVED, *(claim for entry in roster.serving for claim in entry.claims)]
        self._stopped = {entry.slug: entry.claims or known.get(entry.slug, ()) for entry in roster.stopped}

    def __bool__(self) -> bool:
        return any(self._stopped.values())

    def owner(self, path: str) -> str | None:
        """The stopped plugin that a path belongs to."""
        if is_covered(self._serving, path):
            return None
        return next((slug for slug, claims in self._stopped.items() if is_covered(claims, path)), None)
