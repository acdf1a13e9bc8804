"""The watch: a directory that follows by itself, and usage that is written down beside the requests."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

from sqlalchemy import text

from frontage.base.clock import utc_now
from frontage.base.pepper import Pepper
from frontage.tenants import keys, watch
from frontage.tenants.key_format import KeyKind
from frontage.tenants.models import KeyRow
from frontage.tenants.watch import DirectoryWatch, write_usage

FIRST, SECOND = "the first secret, thirty-two characters", "the second secret, thirty-two characters"


@asynccontextmanager
async def watched(shops, directory):
    following = DirectoryWatch(shops.database, directory)
    await following.start()
    try:
        yield following
    finally:
        await following.stop()


async def until(holds, seconds=30):
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110  # what is waited for is a directory's state
            await asyncio.sleep(0.02)


async def stored(shops, made):
    async with shops.database.reading() as session:
        return await session.get(KeyRow, (made.row.tenant_id, made.row.id))


async def test_a_change_arrives_by_itself(shops, secret):
    """A new key is found and a revoked one is not, without anybody calling."""
    directory = shops.directory()
    async with watched(shops, directory):
        made = await shops.key(secret)
        await until(lambda: directory.find_key(made.text))
        async with shops.database.writing() as session:
            await keys.revoke_key(session, shops.acme, made.row.id, "ann")
        await until(lambda: directory.find_key(made.text) is None)


async def test_a_notification_wakes_it(shops, secret, monkeypatch):
    """On PostgreSQL nobody waits for the next poll; SQLite has no notifications, and only the poll."""
    if shops.database.dialect == "sqlite":
        return
    monkeypatch.setattr(watch, "POLL_SECONDS_WITH_NOTIFY", 3600)
    directory = shops.directory()
    async with watched(shops, directory) as following:
        following._changed.set()
        await until(lambda: following._listener and directory.revision >= 0)
        made = await shops.key(secret)
        await until(lambda: directory.find_key(made.text))


async def test_a_database_that_fails_leaves_what_was_known(shops, secret):
    """The snapshot goes on serving; when the table is there again the directory catches up."""
    made = await shops.key(secret)
    directory = shops.directory()
    await directory.refresh()
    async with watched(shops, directory) as following:
        async with shops.database.writing() as session:
            await session.execute(text("alter table core_revision rename to core_revision_away"))
        await until(lambda: not following._healthy)
        assert directory.find_key(made.text)
        async with shops.database.writing() as session:
            await session.execute(text("alter table core_revision_away rename to core_revision"))
        other = await shops.key(secret)
        await until(lambda: directory.find_key(other.text))
        await until(lambda: following._healthy)


async def test_the_last_use_is_written_down(shops, secret):
    """For the keys that were used, and the revision does not move: no worker has anything to load."""
    made, other = await shops.key(secret), await shops.key(secret)
    directory = shops.directory()
    await directory.refresh()
    before = utc_now()
    directory.find_key(made.text)
    await write_usage(shops.database, directory)
    row = await stored(shops, made)
    assert before <= row.last_used_at <= utc_now()
    assert row.digest == shops.pepper.digest(made.text)
    assert (await stored(shops, other)).last_used_at is None
    assert not await directory.refresh()


async def test_what_was_not_written_yet_is_written_at_the_end(shops, secret):
    """A stop loses no use."""
    made = await shops.key(secret)
    directory = shops.directory()
    await directory.refresh()
    async with watched(shops, directory):
        directory.find_key(made.text)
    assert (await stored(shops, made)).last_used_at is not None


async def test_a_key_used_under_the_previous_secret_needs_it_no_longer(shops, secret):
    """It is digested anew with its last use; one that was not used still needs the previous secret."""
    used, idle = [await shops.key(secret, Pepper(FIRST)) for _ in range(2)]
    directory = shops.directory(pepper=Pepper(SECOND, FIRST))
    await directory.refresh()
    assert directory.find_key(used.text)
    await write_usage(shops.database, directory)
    row = await stored(shops, used)
    assert (row.digest, row.pepper) == (Pepper(SECOND).digest(used.text), Pepper(SECOND).name)
    assert row.last_used_at
    assert (await stored(shops, idle)).pepper == Pepper(FIRST).name
    assert directory.find_key(used.text), "it is found in the snapshot that still has the old digest"
    after = shops.directory(pepper=Pepper(SECOND))
    await after.refresh()
    assert after.find_key(used.text).id == used.row.id
    assert after.find_key(idle.text) is None


async def test_a_publishable_key_has_no_digest_to_renew(shops, secret):
    """Its use is written, its text stays what it is."""
    made = await shops.key(replace(secret, kind=KeyKind.PUBLISHABLE))
    directory = shops.directory(pepper=Pepper(SECOND, FIRST))
    await directory.refresh()
    directory.find_key(made.text)
    await write_usage(shops.database, directory)
    row = await stored(shops, made)
    assert (row.digest, row.pepper, row.public_text) == (None, None, made.text)
    assert row.last_used_at
