"""A migrated database with two tenants, on both engines."""

import pytest
from sqlalchemy import insert

from frontage.base.database import Database
from frontage.base.ids import new_id
from frontage.base.pepper import Pepper
from frontage.base.tables import Table
from frontage.tenants.definition import TenantDefinition
from frontage.tenants.directory import Directory
from frontage.tenants.key_format import KeyKind
from frontage.tenants.keys import KeyRequest, create_key
from frontage.tenants.models import RevisionRow
from frontage.tenants.plan import plan
from frontage.tenants.registry import apply_plan, load_definitions

FIRST, SECOND = "the first secret, thirty-two characters", "the second secret, thirty-two characters"


class Shops:
    """The tables of the domain with the tenants acme and bolt."""

    def __init__(self, database):
        self.database = database
        self.acme, self.bolt = new_id(), new_id()
        self.wanted = [
            TenantDefinition("acme", 1, "Acme", id=self.acme),
            TenantDefinition("bolt", 2, "Bolt", id=self.bolt),
        ]
        self.pepper = Pepper(FIRST)

    async def open(self):
        async with self.database.engine.begin() as connection:
            await connection.run_sync(Table.metadata.create_all)
            await connection.execute(insert(RevisionRow).values(id=1, revision=0))
        await self.apply(*self.wanted)
        return self

    async def apply(self, *wanted):
        """Bring the tenants to this state."""
        async with self.database.writing() as session:
            await apply_plan(session, plan(await load_definitions(session), wanted), "test")

    async def key(self, request, pepper=None, tenant=None):
        """A new key of acme, or of another."""
        async with self.database.writing() as session:
            return await create_key(session, pepper or self.pepper, tenant or self.acme, request, "test")

    def directory(self, pepper=None, decode=lambda _slug, settings, _version: settings):
        """A directory that has seen nothing yet."""
        return Directory(self.database, pepper or self.pepper, decode)


@pytest.fixture
async def shops(database_url):
    database = Database(database_url)
    yield await Shops(database).open()
    await database.close()


@pytest.fixture
def secret():
    """What a plain secret key is asked for with."""
    return KeyRequest(KeyKind.SECRET, name="till")
