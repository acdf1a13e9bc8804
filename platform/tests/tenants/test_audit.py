"""The audit: who did what, the newest first, kept for a year."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from frontage.base.clock import utc_now
from frontage.tenants import audit
from frontage.tenants.models import AuditRow


async def record(shops, tenant, *subjects):
    for subject in subjects:
        async with shops.database.writing() as session:
            audit.record(session, tenant, actor="ann", action="thing.done", subject=subject, number=1, text="ü")


async def test_the_newest_entry_comes_first(shops):
    """Each tenant's own, in pages."""
    await record(shops, shops.acme, "a", "b", "c")
    await record(shops, shops.bolt, "d")
    async with shops.database.reading() as session:
        found = [row.subject for row in await audit.newest(session, shops.acme, limit=3)]
        page = [row.subject for row in await audit.newest(session, shops.acme, offset=1, limit=1)]
        row = (await audit.newest(session, shops.bolt, limit=1))[0]
        assert await audit.count(session, shops.acme) == 4, "with that of the tenant's creation"
    assert (found, page) == (["c", "b", "a"], ["b"])
    assert (row.actor, row.action, row.subject, row.details) == ("ann", "thing.done", "d", {"number": 1, "text": "ü"})
    assert timedelta(0) <= utc_now() - row.at < timedelta(minutes=5)


async def test_an_entry_is_kept_with_its_change_or_not_at_all(shops):
    """What was undone was not done."""

    async def fail():
        async with shops.database.writing() as session:
            audit.record(session, shops.acme, actor="ann", action="thing.done", subject="a")
            raise ValueError("no luck")

    with pytest.raises(ValueError, match="no luck"):
        await fail()
    async with shops.database.reading() as session:
        assert await audit.count(session, shops.acme) == 1


async def test_entries_are_forgotten_after_a_year(shops):
    """Not a day sooner."""
    await record(shops, shops.acme, "old", "young")
    async with shops.database.writing() as session:
        for subject, days in (("old", 366), ("young", 364)):
            aged = {"at": utc_now() - timedelta(days=days)}
            await session.execute(update(AuditRow).where(AuditRow.subject == subject).values(aged))
        await audit.forget_old(session)
    async with shops.database.reading() as session:
        assert set(await session.scalars(select(AuditRow.subject))) == {"young", "acme", "bolt"}
