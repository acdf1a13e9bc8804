"""Serving under a role that may touch rows and nothing else, after a migration under one that nobody serves with."""

import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from frontage.testing.postgres import execute, find_programs

ROLES = Path(__file__).parents[2] / "deploy" / "postgresql" / "roles.sql"
PASSWORD = "a password of these tests"


def as_role(url, role):
    parts = urlsplit(url)
    return parts._replace(netloc=f"{role}:{PASSWORD.replace(' ', '%20')}@{parts.hostname}:{parts.port}").geturl()


def create_roles(url):
    words = ["-v", f"app_password={PASSWORD}", "-v", f"maintenance_password={PASSWORD}"]
    psql = find_programs() / "psql"
    plain = url.replace("+asyncpg", "")
    subprocess.run([psql, "-q", "-X", *words, "-d", plain, "-f", ROLES], check=True, capture_output=True, text=True)


@pytest.fixture(scope="module")
def site(new_site, postgres_server):
    """Migrated by maintenance, served by the application."""
    with postgres_server.empty_database() as url:
        create_roles(url)
        create_roles(url)  # a second time changes nothing
        site = new_site(url.replace("postgresql+asyncpg", "postgresql"))
        site.superuser = url.replace("+asyncpg", "")
        site.app, site.maintenance = (as_role(site.superuser, f"frontage_{name}") for name in ("app", "maintenance"))
        site.environment["FRONTAGE_DATABASE_URL"] = site.app
        site.run("migrate", FRONTAGE_DATABASE_URL=site.maintenance)
        yield site
        for server in site.servers:
            server.kill()


def test_the_application_serves_without_owning_a_table(site):
    """Tenants, keys, management, events and counts: all under the role that owns nothing."""
    assert "Everything is at its newest revision" in site.run("migrate", "--check")[0]
    site.run("tenants", "apply")
    key = site.key("--scope", "kitchen:read", "--scope", "kitchen:write")["key"]
    public = site.key(kind="publishable")["key"]
    server = site.serve()
    import httpx

    with httpx.Client(base_url=server.url, headers={"X-API-Key": key}) as client:
        assert client.post("/kitchen/api/v1/dishes", json={"name": "Soup", "price": 3}).status_code == 201
        assert client.get("/kitchen/api/v1/dishes").json()["pagination"]["total_count"] == 1
        taste = client.post("/kitchen/api/v1/public/tastes", json={"dish": "Soup"}, headers={"X-API-Key": public})
        assert taste.status_code in {200, 202, 204}, taste.text
    server.stop()
    assert not [line for line in server.log if line["level"] == "error"], server.err.read_text()


def test_the_application_may_change_no_table(site):
    """Neither its shape nor its life; that is the owner's."""
    for statement in (
        "drop table core_key",
        "alter table core_key add column x int",
        "create table mine (id int)",
        "truncate core_audit",
        "set role frontage_owner",
    ):
        with pytest.raises(Exception, match=r"permission denied|must be owner"):
            execute(site.app, statement)


def test_maintenance_tidies_and_what_it_makes_is_the_owners(site):
    """The partitions of the coming days belong to the owner, and the application may write into them."""
    execute(site.superuser, "do $$ declare t text; begin for t in select inhrelid::regclass from pg_inherits"
            " where inhparent = 'kitchen_sink_tastes'::regclass and inhrelid::regclass::text !~ 'default' loop"
            " execute 'drop table ' || t; end loop; end $$")  # fmt: skip
    out, _ = site.run("tidy", FRONTAGE_DATABASE_URL=site.maintenance)
    assert out == "9 partitions made, 0 rows expired.\n"
    execute(
        site.superuser,
        "do $$ begin assert not exists (select from pg_class c join pg_inherits i on i.inhrelid = c.oid"
        " where inhparent = 'kitchen_sink_tastes'::regclass and (pg_get_userbyid(relowner) <> 'frontage_owner'"
        " or not has_table_privilege('frontage_app', c.oid, 'insert'))) ; end $$",
    )
    out, _ = site.run("tidy")
    assert out == "0 partitions made, 0 rows expired.\n"
