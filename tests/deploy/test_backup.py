"""A backup taken while others write, restored into an empty database: what came back is what was there, or it is told."""

import os
import subprocess
from pathlib import Path

import pytest

from frontage.app.platform import load_plugins
from frontage.base.database import Database
from frontage.base.ids import new_id
from frontage.host.discovery import find_candidates
from frontage.host.migrating import migrate
from frontage.testing.harness import running, settings_for
from frontage.testing.postgres import execute, find_programs

DEPLOY = Path(__file__).parents[2] / "deploy"


def run(script, *words, url):
    environment = {"PATH": f"{find_programs()}:{os.environ['PATH']}", "FRONTAGE_DATABASE_URL": url}
    return subprocess.run(
        [DEPLOY / script, *map(str, words)], env=environment, capture_output=True, text=True, check=False, timeout=100
    )


@pytest.fixture
async def filled_url(postgres_url, tmp_path):
    """A database of every plugin of this house, with a tenant, keys and audit."""
    settings = settings_for(postgres_url, tmp_path)
    async with running(settings, {"acme": 'name = "Acmé"\nnumber = 1\n'}) as shop:
        for _ in range(20):
            await shop.key("acme")
    return postgres_url


async def test_a_restored_backup_equals_what_was_backed_up(filled_url, postgres_server, tmp_path):
    made = run("backup.sh", tmp_path / "backups", url=filled_url)
    assert made.returncode == 0, made.stderr
    dump = Path(made.stdout.strip())
    assert dump.stat().st_mode & 0o077 == 0  # noqa: ASYNC240
    assert "core_key 20 " in dump.with_suffix(".sums").read_text()
    with postgres_server.empty_database() as url:
        restored = run("restore.sh", dump, url=url)
        assert restored.returncode == 0, restored.stderr
        assert "all equal" in restored.stdout
        again = run("restore.sh", dump, url=url)
        assert (again.returncode, again.stderr) == (1, "restore: the database is not empty\n")
        database = Database(url)
        roster, _ = await load_plugins(database, find_candidates(), migrated=False)
        assert await migrate(database, roster) == []
        await database.close()


async def test_a_backup_that_does_not_fit_its_checksums_is_told(filled_url, postgres_server, tmp_path):
    """One changed row in a dump of the same size is found, and named by its table."""
    first = Path(run("backup.sh", tmp_path / "one", url=filled_url).stdout.strip())
    execute(
        filled_url.replace("+asyncpg", ""),
        f"update core_key set name = 'another' where id = (select id from core_key limit 1); select '{new_id()}'",
    )
    second = Path(run("backup.sh", tmp_path / "two", url=filled_url).stdout.strip())
    second.with_suffix(".sums").write_text(first.with_suffix(".sums").read_text())
    with postgres_server.empty_database() as url:
        restored = run("restore.sh", second, url=url)
    assert restored.returncode == 1
    assert "core_key 20 " in restored.stdout
    assert restored.stderr == "restore: what was restored differs from what was backed up\n"


def test_a_backup_that_fails_leaves_no_half_one(tmp_path):
    made = run("backup.sh", tmp_path / "backups", url="postgresql://nobody@127.0.0.1:1/nothing")
    assert made.returncode != 0
    assert list((tmp_path / "backups").iterdir()) == []
