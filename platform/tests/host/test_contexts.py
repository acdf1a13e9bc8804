"""Hooks around serving: each plugin's own, contained, within a budget."""

import asyncio
from datetime import timedelta
from importlib import import_module

import pytest
from shelf import declare
from structlog.testing import capture_logs

from frontage.base.database import Database
from frontage.host import contexts as contexts_module
from frontage.host import jobs
from frontage.host.contexts import bound_hot_routes, make_contexts, plugin_jobs, start_plugins, stop_plugins
from frontage.host.errors import Stage
from frontage.host.loading import load_parts, load_roster
from frontage.testing.harness import running, settings_for

HOOKS = """
import asyncio, sys, time
called = []

async def begin(context):
    called.append(("begin", context.slug))

async def end(context):
    called.append(("end", context.slug))

async def fail(context):
    raise RuntimeError("no luck")

async def leave(context):
    sys.exit(3)

async def hang(context):
    await asyncio.Event().wait()

async def block(context):
    time.sleep(1)
"""
QUICK = 0.2


def put(shelf, slug, **words):
    hooks = {name: repr(f"frontage_{slug}.hooks:{word}") for name, word in words.items()}
    return shelf.put(slug, declare(slug, **hooks), files={"hooks.py": HOOKS})


def opened(shelf, tmp_path, *slugs):
    roster = load_roster(shelf.find(*slugs))
    load_parts(roster)
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/never-opened.db")
    return roster, make_contexts(roster, database, None, None, tmp_path)


def called(slug):
    return import_module(f"frontage_{slug}.hooks").called


async def test_every_plugin_hears_of_the_same_end(shelf, tmp_path):
    """One word that the process ends reaches all of them; who is given none has one of its own."""
    put(shelf, "loyalty")
    put(shelf, "stamps")
    roster, apart = opened(shelf, tmp_path, "loyalty", "stamps")
    draining = asyncio.Event()
    contexts = make_contexts(roster, apart["loyalty"].database, None, None, tmp_path, draining=draining)
    draining.set()
    assert all(context.draining.is_set() for context in contexts.values())
    assert not apart["loyalty"].draining.is_set()


async def test_every_plugin_gets_a_context_of_its_own(shelf, tmp_path):
    put(shelf, "one")
    put(shelf, "two")
    _, contexts = opened(shelf, tmp_path, "one", "two")
    assert {slug: (one.slug, one.data_dir) for slug, one in contexts.items()} == {
        slug: (slug, tmp_path / "plugins" / slug) for slug in ("one", "two")
    }


async def test_hot_routes_get_the_context_of_their_plugin(shelf, tmp_path):
    shelf.put_kitchen_sink()
    roster, contexts = opened(shelf, tmp_path, "kitchen-sink")
    bound = bound_hot_routes(roster, contexts)
    assert bound
    assert all(route.context is contexts["kitchen-sink"] for route in bound)


async def test_the_hooks_are_called_with_the_context(shelf, tmp_path):
    put(shelf, "one", start="begin", stop="end")
    roster, contexts = opened(shelf, tmp_path, "one")
    await start_plugins(roster, contexts)
    await stop_plugins(roster.serving, contexts)
    assert called("one") == [("begin", "one"), ("end", "one")]


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        pytest.param("fail", "its start failed: RuntimeError: no luck", id="raises"),
        pytest.param("leave", "its start failed: SystemExit: 3", id="exits"),
        pytest.param("hang", "its start took longer than 0.2 seconds", id="hangs"),
        pytest.param("block", "its start took longer than 0.2 seconds", id="holds the loop"),
        pytest.param("nowhere", "has no attribute 'nowhere'", id="is not there"),
    ],
)
async def test_a_start_that_fails_stops_its_plugin_alone(shelf, tmp_path, start, reason):
    put(shelf, "odd", start=start)
    put(shelf, "fine", start="begin")
    roster, contexts = opened(shelf, tmp_path, "fine", "odd")
    await start_plugins(roster, contexts, seconds=QUICK)
    odd = roster.find("odd")
    assert odd.stage is Stage.START_FAILED
    assert reason in odd.reason
    assert [one.slug for one in roster.serving] == ["fine"]
    assert called("fine") == [("begin", "fine")]


async def test_a_start_that_holds_the_loop_is_named_while_it_does(shelf, tmp_path, monkeypatch):
    """Nothing else of the process can say why it does not come up."""
    monkeypatch.setattr(contexts_module, "_GRACE_SECONDS", 0.0)
    put(shelf, "odd", start="block")
    roster, contexts = opened(shelf, tmp_path, "odd")
    with capture_logs() as logged:
        await start_plugins(roster, contexts, seconds=QUICK)
    assert [(one["event"], one["plugin"]) for one in logged][:1] == [("plugin.start_blocks", "odd")]


@pytest.mark.parametrize("stop", ["fail", "leave", "hang", "nowhere"])
async def test_a_stop_that_fails_is_logged_and_the_others_are_stopped(shelf, tmp_path, stop):
    put(shelf, "alpha", stop=stop)
    put(shelf, "beta", stop="end")
    roster, contexts = opened(shelf, tmp_path, "alpha", "beta")
    with capture_logs() as logged:
        await stop_plugins(roster.serving, contexts, seconds=QUICK)
    assert [(one["event"], one["plugin"]) for one in logged] == [("plugin.stop_failed", "alpha")]
    assert called("beta") == [("end", "beta")]


async def test_a_plugin_that_did_not_start_has_neither_jobs_nor_a_stop(shelf, tmp_path, sqlite_url, monkeypatch):
    monkeypatch.setattr(jobs, "_LOOK_SECONDS", 0.01)
    for slug, start in (("odd", "fail"), ("fine", "begin")):
        words = {"start": repr(f"frontage_{slug}.hooks:{start}"), "stop": repr(f"frontage_{slug}.hooks:end")}
        words["jobs"] = f"(Job('sweep', timedelta(0), 'frontage_{slug}.hooks:begin'),)"
        shelf.put(slug, declare(slug, **words), files={"hooks.py": HOOKS})
    async with running(settings_for(sqlite_url, tmp_path), {}, shelf.find("fine", "odd")) as platform:
        assert [one.slug for one in platform.platform.services.roster.serving] == ["fine"]
        while len(called("fine")) < 6:  # noqa: ASYNC110  # its own list is all that the plugin tells
            await asyncio.sleep(0.01)
    assert called("fine")[-1] == ("end", "fine")
    assert called("odd") == []


async def test_hooks_run_once_around_serving_even_when_serving_ends_badly(shelf, tmp_path, sqlite_url):
    candidate = put(shelf, "one", start="begin", stop="end")

    async def serve_badly():
        async with running(settings_for(sqlite_url, tmp_path), {}, [candidate]):
            assert called("one") == [("begin", "one")]
            raise RuntimeError("while it serves")

    with pytest.raises(RuntimeError, match="while it serves"):
        await serve_badly()
    assert called("one") == [("begin", "one"), ("end", "one")]


async def test_jobs_are_named_after_their_plugin_and_run_with_its_context(shelf, tmp_path):
    declared = "(Job('sweep', timedelta(hours=2), 'frontage_one.hooks:begin'),)"
    shelf.put("one", declare("one", jobs=declared), files={"hooks.py": HOOKS})
    roster, contexts = opened(shelf, tmp_path, "one")
    (work,) = plugin_jobs(roster, contexts)
    assert (work.name, work.every) == ("one.sweep", timedelta(hours=2))
    await work.run()
    assert called("one") == [("begin", "one")]


async def test_a_context_knows_the_tenants_that_have_its_plugin(shelf, tmp_path, sqlite_url):
    candidates = [put(shelf, "one"), put(shelf, "two")]
    files = {
        "acme": 'name = "A"\nnumber = 1\n[plugins.one]\n',
        "bolt": 'name = "B"\nnumber = 2\n[plugins.two]\n',
        "cask": 'name = "C"\nnumber = 3\nstatus = "suspended"\n[plugins.one]\n',
    }
    async with running(settings_for(sqlite_url, tmp_path), files, candidates) as platform:
        services = platform.platform.services
        contexts = make_contexts(services.roster, services.database, services.directory, None, tmp_path)
        assert [one.slug for one in contexts["one"].tenants_with_plugin()] == ["acme"]
