"""What the platform remembers of plugins: who came first, and what each claimed."""

import pytest
from shelf import declare
from sqlalchemy import select

from frontage.base.clock import utc_now
from frontage.base.database import Database
from frontage.host.errors import PluginError, Stage
from frontage.host.known_plugins import StoppedPaths, forget, recall, remember
from frontage.host.loading import load_roster
from frontage.host.migrating import migrate
from frontage.host.roster import Roster
from frontage.tenants.definition import PluginDefinition, TenantDefinition
from frontage.tenants.models import EnablementRow, JobRow, PluginRow, TenantRow
from frontage.tenants.plan import plan
from frontage.tenants.registry import apply_plan
from frontage.tenants.revision import current_revision


@pytest.fixture
async def database(database_url):
    database = Database(database_url)
    await migrate(database, Roster([]))
    yield database
    await database.close()


async def test_an_empty_database_knows_nobody(database_url):
    database = Database(database_url)
    assert await recall(database) == {}
    await database.close()


async def test_who_serves_is_remembered_in_the_order_of_first_coming(database, shelf):
    shelf.put("younger")
    shelf.put("elder")
    await remember(database, load_roster(shelf.find("younger")))
    await remember(database, load_roster(shelf.find("elder", "younger")))
    assert [*(await recall(database)).items()] == [("younger", ("/younger/api",)), ("elder", ("/elder/api",))]


async def test_who_does_not_serve_is_not_remembered(database, shelf):
    shelf.put("odd", "raise RuntimeError\n")
    await remember(database, load_roster(shelf.find("odd")))
    assert await recall(database) == {}


async def test_new_claims_are_remembered_without_loss_of_rank(database, shelf):
    shelf.put("one")
    shelf.put("two")
    await remember(database, load_roster(shelf.find("one")))
    await remember(database, load_roster(shelf.find("one", "two")))
    roster = load_roster(shelf.find("one"))
    (entry,) = roster
    entry.claims = ("/one/api", "/one/more")
    await remember(database, roster)
    assert [*(await recall(database)).items()] == [("one", ("/one/api", "/one/more")), ("two", ("/two/api",))]


async def test_seniority_survives_a_restart(database_url, shelf):
    """The newcomer is first in the alphabet, and comes back after the elder was mended: it still has to yield."""
    shelf.put("young", declare("young", paths="('/same',)"))
    shelf.put("zealous", declare("zealous", paths="('/same/path',)"))
    database = Database(database_url)
    await migrate(database, Roster([]))
    await remember(database, load_roster(shelf.find("zealous")))
    await database.close()

    reopened = Database(database_url)
    known = await recall(reopened)
    roster = load_roster(shelf.find("young", "zealous"), seniority=list(known))
    await remember(reopened, roster)
    assert [one.slug for one in roster.serving] == ["zealous"]
    assert [*await recall(reopened)] == ["zealous"]
    await reopened.close()


async def test_forgetting_a_plugin_leaves_no_trace_of_it_and_tells_every_worker(database):
    wanted = [
        TenantDefinition("acme", 1, "Acme", plugins={"gone": PluginDefinition({}, 1), "kept": PluginDefinition({}, 1)}),
        TenantDefinition("bolt", 2, "Bolt"),
    ]
    async with database.writing() as session:
        await apply_plan(session, plan([], wanted), "test")
        for slug in ("gone", "gone-too"):
            session.add(PluginRow(slug=slug, version="1", paths=["/gone"]))
            session.add(JobRow(name=f"{slug}.sweep", began_at=utc_now()))
    async with database.reading() as session:
        before = await current_revision(session)
    await forget(database, "gone")
    async with database.reading() as session:
        assert set(await session.scalars(select(EnablementRow.plugin))) == {"kept"}
        assert set(await session.scalars(select(PluginRow.slug))) == {"gone-too"}
        assert set(await session.scalars(select(JobRow.name))) == {"gone-too.sweep"}
        assert await current_revision(session) == before + 1
        changed = select(TenantRow.slug).where(TenantRow.revision == before + 1)
        assert set(await session.scalars(changed)) == {"acme"}


def stopped_paths(shelf, claims, serving=(), known=None):
    """The paths of a stopped plugin `odd` beside a serving `fine`."""
    shelf.put("fine")
    shelf.put("odd")
    roster = load_roster(shelf.find("fine", "odd"))
    roster.find("fine").claims = tuple(serving)
    odd = roster.find("odd")
    odd.claims = tuple(claims)
    odd.stop(PluginError(Stage.REFUSED, "for a test"))
    return StoppedPaths(roster, known or {})


@pytest.mark.parametrize(
    ("claims", "serving", "path", "expected"),
    [
        pytest.param(["/odd"], [], "/odd", "odd", id="its claim"),
        pytest.param(["/odd"], [], "/odd/a/b", "odd", id="below its claim"),
        pytest.param(["/odd"], [], "/oddly", None, id="a longer word"),
        pytest.param(["/odd/{x}/y"], [], "/odd/1/y", "odd", id="through a wildcard"),
        pytest.param(["/odd"], ["/fine"], "/fine/a", None, id="a neighbour's"),
        pytest.param(["/fine"], ["/fine"], "/fine/a", None, id="claimed by both"),
        pytest.param(["/fine/a"], ["/fine"], "/fine/a", None, id="a part of a neighbour's"),
        pytest.param(["/fine"], ["/fine/a"], "/fine/a/b", None, id="the neighbour's part of it"),
        pytest.param(["/fine"], ["/fine/a"], "/fine/b", "odd", id="beside the neighbour's part of it"),
        pytest.param(["/health"], [], "/health/ready", None, id="the platform's"),
        pytest.param(["/account/api"], [], "/account/api/v1/whoami", None, id="a part of the platform's"),
    ],
)
def test_a_stopped_claim_answers_for_itself_and_never_closes_a_healthy_one(shelf, claims, serving, path, expected):
    paths = stopped_paths(shelf, claims, serving)
    assert paths
    assert paths.owner(path) == expected


def test_what_was_claimed_earlier_answers_when_a_declaration_cannot_be_read(shelf):
    shelf.put("lost", "raise RuntimeError\n")
    paths = StoppedPaths(load_roster(shelf.find("lost")), {"lost": ("/lost/api",), "uninstalled": ("/away",)})
    assert paths.owner("/lost/api/v1") == "lost"
    assert paths.owner("/away") is None


def test_without_a_stopped_plugin_there_is_nothing_to_ask(shelf):
    shelf.put("fine")
    assert not StoppedPaths(load_roster(shelf.find("fine")), {"fine": ("/fine",)})


@pytest.mark.parametrize("paths", ["('/', '/{x}')", "'/health'", "(5, None)", "('relative',)"])
def test_what_cannot_be_claimed_closes_nothing(shelf, paths):
    shelf.put("greedy", declare("greedy", paths=paths))
    roster = load_roster(shelf.find("greedy"))
    assert roster.serving == []
    assert StoppedPaths(roster, {}).owner("/anything") is None
