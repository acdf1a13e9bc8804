"""Revisions: changes are numbered in the order in which they are committed."""

import asyncio

import pytest
from sqlalchemy import select

from frontage.tenants.models import TenantRow
from frontage.tenants.revision import begin_change, current_revision, mark_changed


async def now(shops):
    async with shops.database.reading() as session:
        return await current_revision(session)


async def test_a_change_counts_one_and_marks_whom_it_names(shops):
    """Nobody else."""
    before = await now(shops)
    async with shops.database.writing() as session:
        revision = await begin_change(session)
        await mark_changed(session, [shops.bolt], revision)
    assert await now(shops) == revision == before + 1
    async with shops.database.reading() as session:
        found = dict((await session.execute(select(TenantRow.id, TenantRow.revision))).tuples().all())
    assert found == {shops.acme: before, shops.bolt: revision}


async def test_a_change_that_fails_never_was(shops):
    """Its number is the next one's."""
    before = await now(shops)

    async def fail():
        async with shops.database.writing() as session:
            await begin_change(session)
            raise ValueError("no luck")

    with pytest.raises(ValueError, match="no luck"):
        await fail()
    assert await now(shops) == before


async def test_changes_at_once_are_committed_in_the_order_of_their_numbers(shops):
    """So a worker that has seen a number has seen every change before it."""
    committed, before = [], await now(shops)

    async def change():
        async with shops.database.writing() as session:
            revision = await begin_change(session)
            await asyncio.sleep(0.01)
            committed.append(revision)

    await asyncio.gather(*(change() for _ in range(8)))
    assert committed == [*range(before + 1, before + 9)]
