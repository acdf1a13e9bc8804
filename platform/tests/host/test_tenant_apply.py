"""A folder applied to a database, on both engines: all of it, or nothing."""

import asyncio

import pytest
from msgspec import Struct
from sqlalchemy import func, insert, select

from frontage.base.database import Database
from frontage.base.errors import ConfigurationError
from frontage.base.tables import Table
from frontage.host.tenant_apply import apply_directory, plan_directory
from frontage.plugin.declaration import Plugin
from frontage.tenants.models import AuditRow, RevisionRow
from frontage.tenants.registry import load_definitions
from frontage.tenants.revision import current_revision


class Anything(Struct, frozen=True):
    a: dict = {}
    b: float = 0.0


PLUGINS = {"any": Plugin(slug="any", title="Any", paths=("/any",), settings=Anything)}


@pytest.fixture
async def database(database_url):
    database = Database(database_url)
    async with database.engine.begin() as connection:
        await connection.run_sync(Table.metadata.create_all)
        await connection.execute(insert(RevisionRow).values(id=1, revision=0))
    yield database
    await database.close()


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "shops"
    folder.mkdir()
    for number, slug in enumerate(("acme", "bolt", "cask"), start=1):
        (folder / f"{slug}.toml").write_text(f'name = "{slug}"\nnumber = {number}\n')
    return folder


async def stored(database):
    async with database.reading() as session:
        return await load_definitions(session)


async def test_a_second_apply_finds_nothing_to_do(database, folder):
    (folder / "acme.toml").write_text(
        'name = "Ä"\nnumber = 1\n[policies]\nsecret = ["2;w=1", "3;w=2"]\n'
        '[plugins.any]\nb = -0.0\na = { d = 2024-01-01, f = 1e-7, g = 9007199254740991.0, i = 9223372036854775807, t = "\\u0001" }\n'
    )
    first = await apply_directory(database, folder, PLUGINS, actor="test")
    second = await apply_directory(database, folder, PLUGINS, actor="test")
    assert (len(first.changes), second.changes, len(second.unchanged)) == (3, (), 3)


async def test_a_plan_touches_nothing(database, folder):
    assert len((await plan_directory(database, folder, {})).changes) == 3
    assert await stored(database) == []


async def test_a_wrong_file_changes_nothing_and_conflicts_are_told_with_it(database, folder):
    await apply_directory(database, folder, {}, actor="test")
    before = await stored(database)
    (folder / "acme.toml").write_text('name = "renamed"\nnumber = 1\n')
    (folder / "bolt.toml").write_text('name = "Bolt"\nnumber = 2\ncurrency = "x"\n')
    (folder / "cask.toml").unlink()
    (folder / "dome.toml").write_text('name = "Dome"\nnumber = 3\n')
    with pytest.raises(ConfigurationError) as caught:
        await apply_directory(database, folder, {}, actor="test")
    assert [(mistake.where, mistake.key) for mistake in caught.value.mistakes] == [
        (f"{folder}/bolt.toml", "currency"),
        (f"{folder}/dome.toml", "number"),
    ]
    assert "number is 4" in caught.value.mistakes[1].fix
    assert await stored(database) == before


async def test_a_free_number_is_free_of_suspended_tenants_too(database, folder):
    await apply_directory(database, folder, {}, actor="test")
    (folder / "cask.toml").unlink()
    await apply_directory(database, folder, {}, actor="test")
    (folder / "dome.toml").write_text('name = "Dome"\n')
    with pytest.raises(ConfigurationError, match="free number is 4"):
        await plan_directory(database, folder, {})


async def test_a_mass_suspension_waits_for_permission(database, folder):
    await apply_directory(database, folder, {}, actor="test")
    for slug in ("acme", "bolt"):
        (folder / f"{slug}.toml").unlink()
    with pytest.raises(ConfigurationError, match=r"acme, bolt.*--allow-suspend"):
        await apply_directory(database, folder, {}, actor="test")
    assert {one.status for one in await stored(database)} == {"active"}
    await apply_directory(database, folder, {}, actor="test", allow_suspend=True)
    assert [one.status for one in await stored(database)] == ["suspended", "suspended", "active"]


async def test_an_empty_folder_does_not_suspend_the_last_tenant(database, folder):
    for slug in ("bolt", "cask"):
        (folder / f"{slug}.toml").unlink()
    await apply_directory(database, folder, {}, actor="test")
    (folder / "acme.toml").unlink()
    with pytest.raises(ConfigurationError, match=r"acme.*--allow-suspend"):
        await apply_directory(database, folder, {}, actor="test")


async def test_many_hosts_that_apply_at_once_make_each_tenant_once(database, folder):
    await asyncio.gather(*(apply_directory(database, folder, {}, actor="test") for _ in range(5)))
    async with database.reading() as session:
        assert await current_revision(session) == 1
        assert await session.scalar(select(func.count()).select_from(AuditRow)) == 3


async def test_a_plugin_that_cannot_be_read_does_not_stop_an_apply(database, folder):
    (folder / "acme.toml").write_text('name = "acme"\nnumber = 1\n[plugins.broken]\nx = 1\n')
    with pytest.raises(ConfigurationError):
        await apply_directory(database, folder, {}, actor="test")
    await apply_directory(database, folder, {}, actor="test", unreadable=["broken"])
    assert (await stored(database))[0].plugins["broken"].settings == {"x": 1}
