"""A stranger's afternoon: write a plugin, prove it, publish it, install it, upgrade it, be rid of it."""

import json
import os
from pathlib import Path

import pytest
from tests.journeys.conftest import until
from tests.strangers.conftest import Machine

# Programs of their own, one after the other: a busy machine may take its time with them.
pytestmark = pytest.mark.timeout(400)

TENANT = 'name = "Acme"\nnumber = 1\n\n[plugins.loyalty-stamps]\nstamps_per_card = 2\n'
API = "/loyalty-stamps/api/v1"
REVISION = '''"""Rewards have a note."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add it."""
    with op.batch_alter_table("loyalty_stamps_reward") as table:
        table.add_column(sa.Column("note", sa.String(80), nullable=False, server_default="Thank you"))


def downgrade() -> None:
    """Remove it."""
    with op.batch_alter_table("loyalty_stamps_reward") as table:
        table.drop_column("note")
'''


@pytest.fixture(scope="module")
def project(machine: Machine) -> Path:
    """The plugin as `frontage plugins new` writes it, built and installed; the platform came along as a dependency."""
    machine.install("frontage")
    machine.run("frontage", "plugins", "new", "loyalty-stamps")
    folder = machine.home / "frontage-loyalty-stamps"
    machine.build(folder)
    machine.install("frontage-loyalty-stamps")
    return folder


def listed(machine):
    return {one["slug"]: one for one in json.loads(machine.run("frontage", "plugins", "list", "--json"))}


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def publish_the_next_version(machine: Machine, project: Path) -> None:
    """Version 1.1.0 has a column more, and shows it."""
    package = project / "src" / "frontage_loyalty_stamps"
    change(project / "pyproject.toml", 'version = "1.0.0"', 'version = "1.1.0"')
    column = '    note: Mapped[str] = mapped_column(String(80), server_default="Thank you")\n'
    change(package / "models.py", "    given_at:", f"{column}    given_at:")
    change(package / "schemas.py", "    given_at: datetime\n", "    given_at: datetime\n    note: str\n")
    change(package / "routes.py", "reward.given_at)", "reward.given_at, reward.note)")
    change(
        package / "routes.py", "await session.flush()", "await session.flush()\n        await session.refresh(reward)"
    )
    (package / "migrations" / "0002_note.py").write_text(REVISION)
    machine.build(project)


def nothing_of_this_checkout_is_in_reach(machine):
    """What is imported came out of the wheels, and pip finds every dependency fulfilled."""
    code = "import frontage, frontage_loyalty_stamps as mine; print(frontage.__file__, mine.__file__)"
    places = machine.run("python", "-c", code).split()
    assert all(str(machine.python.parents[1]) in place for place in places), places
    machine.run("pip", "check", "--disable-pip-version-check")
    assert set(listed(machine)) == {"loyalty-stamps"}


def own_tests_pass(machine, project):
    """The whole kit and what the plugin does, on both databases, before its author has written a line."""
    kept = ("FRONTAGE_TEST_DATABASE_URL", "FRONTAGE_TEST_REQUIRE")
    given = {name: value for name in kept if (value := os.environ.get(name))}
    told = machine.run(
        "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", folder=project, **given
    )
    assert " passed" in told
    assert "failed" not in told


def test_from_a_wheel_to_http_through_an_upgrade_to_nothing(machine, project):
    """A tenant's file turns it on; a new version brings a migration and keeps what was there; a purge leaves nothing."""
    nothing_of_this_checkout_is_in_reach(machine)
    own_tests_pass(machine, project)
    (machine.home / "tenants").mkdir()
    (machine.home / "tenants" / "acme.toml").write_text(TENANT)
    machine.run("frontage", "check")
    machine.run("frontage", "tenants", "apply")
    publishable = make_key(machine, "--kind", "publishable")
    secret = make_key(machine, "--kind", "secret", "--scope", "loyalty-stamps:read", "--scope", "loyalty-stamps:write")
    with machine.serve() as served:
        for _ in range(2):
            answer = served.client.post(f"{API}/public/stamps", json={"card": "ann"}, headers=publishable)
            assert answer.status_code == 204, answer.text
        until(lambda: served.client.get(f"{API}/cards/ann", headers=secret).json()["full"], served.log.read_text)
        given = served.client.post(f"{API}/cards/ann/rewards", headers=secret)
        assert given.status_code == 201
    publish_the_next_version(machine, project)
    machine.install("--upgrade", "frontage-loyalty-stamps")
    assert listed(machine)["loyalty-stamps"]["version"] == "1.1.0"
    with machine.serve() as served:
        (kept,) = served.client.get(f"{API}/rewards", headers=secret).json()["data"]
        assert kept == {**given.json(), "note": "Thank you"}
        assert served.client.get(f"{API}/cards/ann", headers=secret).json()["stamps"] == 2
    machine.run("frontage", "plugins", "purge", "loyalty-stamps", "--yes")
    machine.run("pip", "uninstall", "--quiet", "--yes", "frontage-loyalty-stamps")
    (machine.home / "tenants" / "acme.toml").write_text('name = "Acme"\nnumber = 1\n')
    with machine.serve() as served:
        assert served.client.get(f"{API}/rewards", headers=secret).status_code == 404
        assert served.client.get("/account/api/v1/whoami", headers=secret).status_code == 200
    assert tables_left(machine) == []


def make_key(machine, *words):
    return {"X-API-Key": json.loads(machine.run("frontage", "keys", "create", "acme", *words, "--json"))["key"]}


def tables_left(machine):
    code = "import sqlite3; print([n for n, in sqlite3.connect('var/frontage.db').execute('select name from sqlite_master') if 'loyalty' in n])"
    return json.loads(machine.run("python", "-c", code).replace("'", '"'))
