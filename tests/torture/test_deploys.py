"""Hosts that migrate, start and are replaced while visitors come: none of them meets an error."""

import asyncio
import shutil
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from tests.torture.__main__ import free_ports
from tests.torture.hosts import FRONTAGE, Host
from tests.torture.street import Street, landing_events
from tests.torture.two_hosts import ACME, stored_marks

from frontage.base.database import Database
from frontage.testing.harness import SECRET, write_tenants

PLUGIN = Path(__file__).parents[2] / "plugins" / "landing-analytics" / "src"
LAST_FIELD = "    flags: str | None = None\n"
NEW_FIELD = "    campaign: str | None = None\n"
NEXT_REVISION = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("landing_analytics_events", sa.Column("campaign", sa.Text()))
    op.create_index("ix_landing_analytics_campaign", "landing_analytics_events", ["tenant_id", "campaign"])


def downgrade():
    op.drop_column("landing_analytics_events", "campaign")
"""


@pytest.fixture
def environment(tmp_path, postgres_url):
    write_tenants(tmp_path / "tenants", {"acme": ACME})
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "FRONTAGE_DATABASE_URL": postgres_url.replace("+asyncpg", ""),
        "FRONTAGE_SECRET": SECRET,
        "FRONTAGE_TENANTS_DIR": str(tmp_path / "tenants"),
    }


@pytest.fixture
async def new_host(tmp_path, environment):
    """Makes hosts of one worker; all of them are gone in the end."""
    async with AsyncExitStack() as stack:

        def make(port, **more):
            host = Host(port, tmp_path / f"host-{port}", environment | more, workers=1, drain=0)
            host.folder.mkdir()
            stack.push_async_callback(host.clear)
            return host

        yield make


async def run(host, *words):
    """A step of a deploy on a host, which has to succeed."""
    with host.log.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            FRONTAGE, *words, env=host.environment, cwd=host.folder, stdout=log, stderr=log
        )
    assert await process.wait() == 0, host.log.read_text()


async def deploy(host):
    """What the guide says, from nothing."""
    await run(host, "migrate")
    await run(host, "tenants", "apply")
    await host.start()


def newer_version(folder):
    """The plugin as its next release might be: a column more in its busiest table, and an index."""
    shutil.copytree(PLUGIN, folder)
    package = folder / "frontage_landing_analytics"
    streams = package / "streams.py"
    streams.write_text(streams.read_text().replace(LAST_FIELD, LAST_FIELD + NEW_FIELD, 1))
    head = max(path.name.partition("_")[0] for path in (package / "migrations").glob("[0-9]*.py"))
    (package / "migrations" / "9999_campaign.py").write_text(NEXT_REVISION.format(head=head))
    return str(folder)


async def nothing_failed(url, *streets):
    """No visitor met an error, and each event that was acknowledged is there once."""
    for street in streets:
        assert (street.ledger.failures, street.ledger.surprises) == ([], [])
    acknowledged = [mark for street in streets for mark in street.ledger.acknowledged["landing"]]
    assert len(acknowledged) == len(set(acknowledged))
    database = Database(url)
    stored = await stored_marks(database, "landing", set(acknowledged))
    await database.close()
    assert sorted(stored) == sorted(acknowledged)


async def told(street, times=30):
    """Wait until so many more events are acknowledged."""
    wanted = street.ledger.told("landing", 200) + times
    while street.ledger.told("landing", 200) < wanted:  # noqa: ASYNC110 - the visitors set no event
        await asyncio.sleep(0.02)


@pytest.mark.timeout(300)  # three servers are installed in it, and on a busy machine each takes its time
async def test_hosts_that_start_at_once_on_an_empty_database_serve_without_an_error(postgres_url, new_host):
    """Each migrates, applies and serves by itself; whoever is up is visited while the others still work."""
    streets = []

    async def open_host(port):
        await deploy(new_host(port))
        street = Street(port)
        streets.append(street)
        async with street.visited(landing_events("acme", f"{port}"), lines=2):
            while len(streets) < 3:  # noqa: ASYNC110 - the hosts set no event
                await asyncio.sleep(0.02)
            await told(street)

    await asyncio.gather(*map(open_host, free_ports(3)))
    await nothing_failed(postgres_url, *streets)


@pytest.mark.timeout(300)
async def test_old_and_new_code_serve_side_by_side_while_the_new_one_migrates(postgres_url, new_host, tmp_path):
    """Not one request of the old host fails while its table changes under it, nor when a new host serves beside it."""
    ports = free_ports(2)
    old, new = new_host(ports[0]), new_host(ports[1], PYTHONPATH=newer_version(tmp_path / "new"))
    await deploy(old)
    before, after = Street(old.port), Street(new.port)
    async with before.visited(landing_events("acme", "old"), lines=4):
        await told(before)
        await run(new, "migrate")
        assert "landing-analytics: " in new.log.read_text()
        await told(before)
        await new.start()
        async with after.visited(landing_events("acme", "new"), lines=4):
            await told(after)
            await told(before)
    assert await old.stop() == 0
    await nothing_failed(postgres_url, before, after)
