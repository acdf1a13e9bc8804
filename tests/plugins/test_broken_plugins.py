"""A gallery of broken plugins, all installed at once beside a healthy one, which must not notice."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from shelf import declare, open_shelf, package_of
from sqlalchemy import select
from structlog.testing import capture_logs

from frontage.app.platform import open_platform
from frontage.base.database import Database
from frontage.host.migrating import tables_of
from frontage.tenants.models import PluginRow
from frontage.testing.harness import BASE_URL, running, settings_for

TENANTS = {"acme": 'name = "Acme"\nnumber = 1\n[plugins.kitchen-sink]\n'}
HEAD = """
import litestar
from frontage.plugin import get, hot, nobody, not_found, secret_key

OPEN = {"tenant": nobody, "limit": (), "off": not_found}
"""
HOOKS = """
import sys

async def fail(context):
    raise RuntimeError("no fire")

async def leave(context):
    sys.exit(3)
"""
REVISION = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = {revision!r}, {down!r}, None, None


def upgrade():
    {up}


def downgrade():
    pass
"""


@dataclass(frozen=True)
class Broken:
    """A plugin, and what must be said of it."""

    slug: str
    stage: str
    reason: str
    source: str = ""
    files: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"/{self.slug}/api/v1"


def unread(slug, stage, reason, source="", **metadata):
    """One whose declaration cannot be read."""
    return Broken(slug, stage, reason, source or declare(slug), metadata=metadata)


def declared(slug, stage, reason, /, *, before="", **words):
    """One whose declaration is wrong."""
    return Broken(slug, stage, reason, declare(slug, before, **words))


def routed(slug, reason, routes, stage="refused"):
    """One whose routes are wrong."""
    source = declare(slug, routes=repr(f"{package_of(slug)}.routes:routes"))
    return Broken(slug, stage, reason, source, {"routes.py": HEAD + routes + "\nroutes = [r]\n"})


def hooked(slug, reason, hook):
    """One whose start fails."""
    source = declare(slug, start=repr(f"{package_of(slug)}.hooks:{hook}"))
    return Broken(slug, "start-failed", reason, source, {"hooks.py": HOOKS})


def migrated(slug, reason, up):
    """One whose migration fails."""
    source = declare(slug, migrations=repr(f"{package_of(slug)}.migrations"))
    revision = REVISION.format(revision="a", down=None, up=up)
    return Broken(slug, "migration-failed", reason, source, {"migrations/__init__.py": "", "migrations/a.py": revision})


LOOSE = "class Loose(Struct):\n    a: int = 1\n"
STRICT = "class Strict(Struct, forbid_unknown_fields=True):\n    a: int\n"
CREATE = "op.create_table('{}_thing', sa.Column('id', sa.Integer()))"
LOST = [
    unread("raises", "import-failed", "RuntimeError: no luck", "raise RuntimeError('no luck')\n"),
    unread("exits", "import-failed", "SystemExit: 3", "raise SystemExit(3)\n"),
    unread("lacks", "import-failed", "No module named 'no_such_package'", "import no_such_package\n"),
    unread("something-else", "refused", "is no frontage.plugin.Plugin", "plugin = 5\n"),
    unread("future", "incompatible", "needs frontage>=99", requires="frontage>=99"),
    unread("marked", "incompatible", "needs frontage>=99", requires='frontage>=99; python_version > "3"'),
    unread("unreadable", "incompatible", "'frontage >>> 1' is unreadable", requires="frontage >>> 1"),
    declared("quotas", "import-failed", "different quotas", policies="{'a': Policy(['5;w=1', '5;w=2'], per=())}"),
]
READ = [
    declared("misnamed", "refused", "its slug is 'other'", slug="'other'"),
    declared("reserving", "refused", "/health belongs to the platform", paths="('/health', '/reserving/api')"),
    declared("loose", "refused", "take unknown keys", before=LOOSE, settings="Loose"),
    declared("strict", "refused", "give every field a default", before=STRICT, settings="Strict"),
    declared(
        "a-cook",
        "refused",
        "a-cook (frontage-a-cook) and kitchen-sink (frontage-kitchen-sink) both claim /kitchen/api/v1/dishes",
        paths="('/kitchen/api/v1/dishes', '/a-cook/api')",
    ),
    declared("orderly", "refused", "both claim the schema names OrderIn", schemas="('OrderIn',)"),
    routed("outside", "/beyond lies under none", "@get('/beyond', **OPEN)\nasync def r() -> None: ..."),
    routed("gateless", "declares no tenant", "@litestar.get('/gateless/api')\nasync def r() -> None: ..."),
    routed(
        "unlimited",
        "unknown policy 'stamp'",
        "@get('/unlimited/api', tenant=nobody, limit=('stamp',), off=not_found)\nasync def r() -> None: ...",
    ),
    routed(
        "unscoped",
        "scope 'a:read'; declare it",
        "@get('/unscoped/api', tenant=secret_key('a:read'), limit=(), off=not_found)\nasync def r() -> None: ...",
    ),
    routed("unmountable", "cannot be mounted", "@get('/unmountable/api', **OPEN)\nasync def r(): ..."),
    routed(
        "renamed",
        "both name an operation kitchen_order",
        "@get('/renamed/api', operation_id='kitchen_order', **OPEN)\nasync def r() -> None: ...",
    ),
    migrated("moves", "RuntimeError: stuck", "raise RuntimeError('stuck')"),
    migrated("half", "its tables are behind", f"{CREATE.format('half')}\n    raise RuntimeError('half-way')"),
]
STARTED = [
    hooked("starts-badly", "its start failed: RuntimeError: no fire", "fail"),
    hooked("leaves", "its start failed: SystemExit: 3", "leave"),
]
"""What only a start shows, and no command."""
GALLERY = [*LOST, *READ, *STARTED]
rows = pytest.mark.parametrize("broken", GALLERY, ids=lambda one: one.slug)
told_rows = pytest.mark.parametrize("broken", [*LOST, *READ], ids=lambda one: one.slug)


@dataclass
class Visit:
    """What was seen on a walk through the gallery."""

    ready: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, httpx.Response] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    logged: list[Any] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    listed: dict[str, Any] = field(default_factory=dict)
    check: tuple[int, str] = (0, "")


HEALTHY = ["/kitchen/api/v1/dishes", "/health/live", "/account/api/v1/whoami", "/schema/openapi.json", "/nowhere"]


def slugs_with(*slugs):
    return ["kitchen-sink", *slugs]


async def open_with_good_ones(shelf, settings):
    """An earlier start, at which everybody was healthy."""
    for broken in LOST:
        shelf.put(broken.slug)
    shelf.put_kitchen_sink()
    async with running(settings, TENANTS, shelf.find(*slugs_with(*(one.slug for one in LOST)))) as platform:
        assert platform.platform.services.roster.stopped == []


async def walk(shelf, settings, visit):
    shelf.put_kitchen_sink()
    for broken in GALLERY:
        shelf.put(broken.slug, broken.source, files=broken.files, **broken.metadata)
    candidates = shelf.find(*slugs_with(*(one.slug for one in GALLERY)))
    with capture_logs() as visit.logged:
        async with running(settings, TENANTS, candidates) as platform:
            key = await platform.key("acme", "secret", scopes=("kitchen:read",))
            headers = {"X-API-Key": key}
            for path in [*HEALTHY, *(one.path for one in GALLERY)]:
                visit.answers[path] = await platform.client.get(path, headers=headers)
            visit.ready = (await platform.client.get("/health/ready")).json()
            visit.reasons = {one.slug: one.reason for one in platform.platform.services.roster}
            visit.tables = [name for prefix in ("moves", "half") for name in await tables_of(platform.database, prefix)]


def ask_commands(shelf, folder, visit):
    environment = shelf.environment(folder)
    listing = shelf.begin(environment, "plugins", "list", "--json")
    checking = shelf.begin(environment, "check")
    visit.listed = {one["slug"]: one for one in json.loads(listing.communicate(timeout=60)[0])}
    visit.check = (checking.wait(60), checking.communicate()[1])


@pytest.fixture(scope="module")
def visit(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gallery")
    settings = settings_for(f"sqlite+aiosqlite:///{folder}/frontage.db", folder)
    visit = Visit()
    with open_shelf(folder / "site") as shelf:
        asyncio.run(open_with_good_ones(shelf, settings))
    with open_shelf(folder / "site") as shelf:
        asyncio.run(walk(shelf, settings, visit))
        ask_commands(shelf, folder, visit)
    return visit


@rows
def test_its_paths_answer_503_with_its_name(visit, broken):
    """Also where its declaration cannot be read any more: what it claimed at an earlier start is remembered."""
    answer = visit.answers[broken.path]
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"]
    problem = answer.json()
    assert (problem["error_code"], problem["detail"]) == ("unavailable", f"The plugin {broken.slug} is not in service.")


@rows
def test_it_is_degraded_and_the_platform_is_ready(visit, broken):
    assert visit.ready["status"] == "ready"
    assert f"plugin {broken.slug}: {broken.stage}" in visit.ready["degraded"]


@rows
def test_the_log_names_slug_stage_and_reason(visit, broken):
    lines = [one for one in visit.logged if one.get("plugin") == broken.slug and one["event"] == "plugin.quarantined"]
    assert lines
    assert {one["stage"] for one in lines} == {broken.stage}
    assert any(broken.reason in one["reason"] for one in lines)


@told_rows
def test_the_list_of_plugins_shows_it(visit, broken):
    told = visit.listed[broken.slug]
    assert told["stage"] == broken.stage
    assert told["distribution"] == f"frontage-{broken.slug}"
    if broken.stage != "migration-failed":
        assert broken.reason in told["reason"]


@told_rows
def test_the_check_exits_with_78_and_names_it(visit, broken):
    code, said = visit.check
    assert code == 78
    assert f"plugins: {broken.slug}: '{broken.stage}'" in said


def test_its_healthy_neighbour_and_the_platform_serve(visit):
    """Some of them claim the neighbour's paths and the platform's; a healthy claim is never closed by that."""
    statuses = {path: visit.answers[path].status_code for path in HEALTHY}
    assert statuses == {**dict.fromkeys(HEALTHY, 200), "/nowhere": 404}
    assert visit.reasons["kitchen-sink"] == ""
    assert visit.listed["kitchen-sink"]["stage"] == "serving"
    assert {one["stage"] for slug, one in visit.listed.items() if slug in {"starts-badly", "leaves"}} == {"serving"}


def test_the_document_tells_of_what_serves_alone(visit):
    paths = visit.answers["/schema/openapi.json"].json()["paths"]
    assert any(path.startswith("/kitchen/") for path in paths)
    assert [path for path in paths if path.split("/")[1] in {one.slug for one in GALLERY}] == []


def test_nothing_of_a_failed_migration_stays(visit):
    assert visit.tables == []


@pytest.fixture
def site(tmp_path):
    return tmp_path / "site"


async def test_who_came_first_stays_after_a_restart(database_url, site, tmp_path):
    """The newcomer is first in the alphabet; it loses twice, and serves once the elder has gone."""
    settings = settings_for(database_url, tmp_path)
    with open_shelf(site) as shelf:
        shelf.put("zealous", declare("zealous", paths="('/same',)"))
        async with running(settings, {}, shelf.find("zealous")):
            pass
    for _ in range(2):
        with open_shelf(site) as shelf:
            shelf.put("a-cook", declare("a-cook", paths="('/same/table',)"))
            async with running(settings, {}, shelf.find("zealous", "a-cook")) as platform:
                roster = platform.platform.services.roster
                assert [one.slug for one in roster.serving] == ["zealous"]
                reason = roster.find("a-cook").reason
                assert "a-cook (frontage-a-cook) and zealous (frontage-zealous) both claim /same/table" in reason
    with open_shelf(site) as shelf:
        async with running(settings, {}, shelf.find("a-cook")) as platform:
            assert [one.slug for one in platform.platform.services.roster.serving] == ["a-cook"]


async def test_two_distributions_with_one_slug_close_its_remembered_paths(database_url, site, tmp_path):
    settings = settings_for(database_url, tmp_path)
    with open_shelf(site) as shelf:
        shelf.put("twin")
        async with running(settings, {}, shelf.find("twin")):
            pass
        other = site / "other_twin-3.0.0.dist-info"
        other.mkdir()
        (other / "METADATA").write_text("Metadata-Version: 2.1\nName: other-twin\nVersion: 3.0.0\n")
        (other / "entry_points.txt").write_text("[frontage.plugins]\ntwin = frontage_twin.plugin:plugin\n")
        async with running(settings, {}, shelf.find("twin")) as platform:
            answer = await platform.client.get("/twin/api/x")
            assert (answer.status_code, answer.json()["detail"]) == (503, "The plugin twin is not in service.")
            for entry in platform.platform.services.roster:
                assert "frontage-twin" in entry.reason
                assert "other-twin" in entry.reason


async def test_a_migration_that_fails_half_way_leaves_nothing_and_closes_its_own_paths_alone(
    database_url, site, tmp_path
):
    with open_shelf(site) as shelf:
        sink = shelf.put_kitchen_sink()
        bad = migrated("half", "", f"{CREATE.format('half')}\n    raise RuntimeError('half-way')")
        candidates = [shelf.put(bad.slug, bad.source, files=bad.files), sink]
        async with running(settings_for(database_url, tmp_path), TENANTS, candidates) as platform:
            key = await platform.key("acme", scopes=("kitchen:read",))
            neighbour = await platform.client.get("/kitchen/api/v1/dishes", headers={"X-API-Key": key})
            assert neighbour.status_code == 200
            assert (await platform.client.get(bad.path)).status_code == 503
            assert await tables_of(platform.database, "half") == []
            assert await tables_of(platform.database, "alembic_version_half") == []


async def test_a_plugin_whose_migration_is_behind_waits_for_it_alone(database_url, site, tmp_path):
    settings = settings_for(database_url, tmp_path)
    with open_shelf(site) as shelf:
        sink = shelf.put_kitchen_sink()
        first = migrated("grows", "", CREATE.format("grows"))
        grows = shelf.put(first.slug, first.source, files=first.files)
        async with running(settings, TENANTS, [grows, sink]) as platform:
            assert platform.platform.services.roster.stopped == []
        later = {"migrations/b.py": REVISION.format(revision="b", down="a", up="pass")}
        shelf.put(first.slug, first.source, files=later)
        async with open_platform(settings, [grows, sink]) as platform:
            (stopped,) = platform.services.roster.stopped
            assert (stopped.slug, stopped.stage) == ("grows", "migration-failed")
            assert stopped.reason == "its tables are behind (grows: at a, needs b); run frontage migrate"
            transport = httpx.ASGITransport(platform.front)
            async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
                assert (await client.get(first.path)).status_code == 503
                assert (await client.get("/kitchen/api/v1/dishes")).status_code == 401
                assert (await client.get("/health/ready")).json()["degraded"] == ["plugin grows: migration-failed"]
        async with running(settings, TENANTS, [grows, sink]) as platform:
            assert platform.platform.services.roster.stopped == []


async def test_what_never_served_is_not_remembered(database_url, site, tmp_path):
    with open_shelf(site) as shelf:
        bad = hooked("starts-badly", "", "fail")
        settings = settings_for(database_url, tmp_path)
        async with running(settings, {}, [shelf.put(bad.slug, bad.source, files=bad.files)]):
            pass
        database = Database(database_url)
        async with database.reading() as session:
            assert (await session.scalars(select(PluginRow))).all() == []
        await database.close()
