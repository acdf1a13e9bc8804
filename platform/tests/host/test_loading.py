"""Loading contains whatever a plugin's import does, and settles clashes in favour of who was here first."""

import sys

import pytest
from litestar.handlers import HTTPRouteHandler
from shelf import declare, package_of
from structlog.testing import capture_logs

from frontage.edge.hot import HotRoute
from frontage.edge.ordinary import gate_of
from frontage.host.errors import Stage
from frontage.host.loading import load_parts, load_roster, resolve, within_budget

QUICK = 0.3
DECLARATION = "from frontage.plugin import Plugin\n"


def load(shelf, *slugs, seniority=(), seconds=10.0):
    roster = load_roster(shelf.find(*slugs), seniority=seniority, import_seconds=seconds)
    load_parts(roster, import_seconds=seconds)
    return roster


@pytest.mark.parametrize(
    ("source", "stage", "reason"),
    [
        pytest.param("raise RuntimeError('no luck')", Stage.IMPORT_FAILED, "RuntimeError: no luck", id="raises"),
        pytest.param("raise RuntimeError", Stage.IMPORT_FAILED, "RuntimeError", id="raises without a word"),
        pytest.param("import sys; sys.exit(3)", Stage.IMPORT_FAILED, "SystemExit: 3", id="exits"),
        pytest.param(
            "import no_such_package", Stage.IMPORT_FAILED, "No module named 'no_such_package'", id="lacks a dependency"
        ),
        pytest.param("plugin = (", Stage.IMPORT_FAILED, "SyntaxError: '(' was never closed", id="is no Python"),
        pytest.param("plugins = 1", Stage.IMPORT_FAILED, "has no attribute 'plugin'", id="lacks its declaration"),
        pytest.param("plugin = {'slug': 'odd'}", Stage.REFUSED, "is no frontage.plugin.Plugin", id="is another thing"),
        pytest.param(
            "from frontage.plugin import Plugin; plugin = Plugin()", Stage.IMPORT_FAILED, "'slug'", id="says too little"
        ),
        pytest.param(declare("even"), Stage.REFUSED, "entry point is named 'odd'", id="has another slug"),
        pytest.param(
            declare("odd", policies="{'a': Policy(['5;w=60', '5;w=90'], per=())}"),
            Stage.IMPORT_FAILED,
            "windows with different quotas",
            id="has equal quotas",
        ),
        pytest.param(
            declare("odd", models="'frontage_odd.nothing'"), Stage.IMPORT_FAILED, "nothing", id="lacks models"
        ),
        pytest.param(
            declare("odd", migrations="'frontage_odd.nothing'"), Stage.IMPORT_FAILED, "nothing", id="lacks migrations"
        ),
        pytest.param(
            declare("odd", routes="'frontage_odd:routes'"),
            Stage.IMPORT_FAILED,
            "no attribute 'routes'",
            id="lacks routes",
        ),
    ],
)
def test_a_plugin_that_cannot_be_loaded_stops_alone_and_says_why(shelf, source, stage, reason):
    shelf.put("odd", source)
    shelf.put("neighbour")
    with capture_logs() as logged:
        roster = load(shelf, "odd", "neighbour")
    odd = roster.find("odd")
    assert odd.stage is stage
    assert reason in odd.reason
    assert [one.slug for one in roster.serving] == ["neighbour"]
    (line,) = [one for one in logged if one["event"] == "plugin.quarantined"]
    assert (line["plugin"], line["stage"], line["reason"]) == ("odd", stage.value, odd.reason)


def test_an_import_that_hangs_is_given_up(shelf):
    shelf.put("slow", "import threading\nthreading.Event().wait(60)\n")
    shelf.put("neighbour")
    roster = load(shelf, "slow", "neighbour", seconds=QUICK)
    slow = roster.find("slow")
    assert (slow.stage, slow.reason) == (
        Stage.IMPORT_FAILED,
        "it took longer than 0.3 seconds; do slow work in start= or in a job",
    )
    assert [one.slug for one in roster.serving] == ["neighbour"]


def test_routes_whose_import_hangs_are_given_up(shelf):
    shelf.put_with_routes("slow", "import threading\nthreading.Event().wait(60)\n")
    assert "took longer" in load(shelf, "slow", seconds=QUICK).find("slow").reason


def test_what_runs_out_of_budget_passes_on_what_it_raised():
    with pytest.raises(SystemExit):
        within_budget(sys.exit, 5)
    assert within_budget(lambda: 5, 5) == 5


def test_a_stop_from_the_keyboard_is_not_contained(shelf):
    """Whoever presses Ctrl-C while the plugins load means the whole process."""
    shelf.put("keys", "raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        load_roster(shelf.find("keys"))


def test_a_plugin_for_another_platform_is_not_even_imported(shelf):
    shelf.put("future", requires="frontage>=99")
    future = load(shelf, "future").find("future")
    assert future.stage is Stage.INCOMPATIBLE
    assert package_of("future") not in sys.modules


def test_two_distributions_with_one_slug_are_both_refused_and_both_named(shelf):
    shelf.put("twin")
    other = shelf.folder / "other_twin-3.0.0.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: other-twin\nVersion: 3.0.0\n")
    (other / "entry_points.txt").write_text("[frontage.plugins]\ntwin = frontage_twin.plugin:plugin\n")
    roster = load(shelf, "twin")
    assert roster.serving == []
    for entry in roster:
        assert entry.stage is Stage.REFUSED
        assert "frontage-twin" in entry.reason
        assert "other-twin" in entry.reason


CLASHES = [
    pytest.param({"paths": "('/first/api',)"}, "both claim /first/api", id="the same path"),
    pytest.param({"paths": "('/first/api/below',)"}, "both claim /first/api/below", id="below it"),
    pytest.param({"paths": "('/first/{x}',)"}, "both claim /first/{x}", id="a wildcard over it"),
    pytest.param({"schemas": "('Card',)"}, "both claim the schema names Card", id="a schema name"),
]


@pytest.mark.parametrize(("words", "reason"), CLASHES)
def test_of_two_that_clash_the_newcomer_is_refused_and_both_are_named(shelf, words, reason):
    shelf.put("first", declare("first", schemas="('Card',)"))
    shelf.put("a-newcomer", declare("a-newcomer", **words))
    roster = load(shelf, "first", "a-newcomer", seniority=["first"])
    newcomer = roster.find("a-newcomer")
    assert (newcomer.stage, [one.slug for one in roster.serving]) == (Stage.REFUSED, ["first"])
    assert reason in newcomer.reason
    assert "a-newcomer" in newcomer.reason
    assert "first" in newcomer.reason


def test_a_clash_of_paths_names_both_distributions(shelf):
    shelf.put("first")
    shelf.put("second", declare("second", paths="('/first/api',)"))
    reason = load(shelf, "first", "second").find("second").reason
    assert "frontage-first" in reason
    assert "frontage-second" in reason
    assert reason.endswith("uninstall one of them")


def test_overlapping_table_prefixes_are_refused(shelf):
    """`shop_` would take the tables of `shop_window_` for its own."""
    shelf.put("shop")
    shelf.put("shop-window")
    assert load(shelf, "shop", "shop-window").find("shop-window").reason == (
        "the table prefixes of shop-window and shop overlap; rename one of them"
    )


@pytest.mark.parametrize("seniority", [["alpha", "beta"], ["beta", "alpha"]], ids=["alpha first", "beta first"])
def test_seniority_decides_not_the_alphabet(shelf, seniority):
    for slug in ("alpha", "beta"):
        shelf.put(slug, declare(slug, paths="('/same',)"))
    assert [one.slug for one in load(shelf, "alpha", "beta", seniority=seniority).serving] == seniority[:1]


def test_of_two_newcomers_the_alphabet_decides_on_every_host_alike(shelf):
    for slug in ("beta", "alpha"):
        shelf.put(slug, declare(slug, paths="('/same',)"))
    assert [one.slug for one in load(shelf, "alpha", "beta").serving] == ["alpha"]


def test_who_was_refused_by_itself_takes_no_path_from_others(shelf):
    shelf.put("first", declare("first", settings_version="0"))
    shelf.put("second", declare("second", paths="('/first/api',)"))
    roster = load(shelf, "first", "second", seniority=["first", "second"])
    assert [one.slug for one in roster.serving] == ["second"]


ROUTES = """
from typing import Any
import litestar
from msgspec import Struct
from frontage.plugin import *
from frontage.plugin import hot, not_found, nobody, secret_key, publishable_key, in_body

class In(Struct):
    tenant_id: str

"""
DECLARED = "tenant=nobody, limit=(), off=not_found"


@pytest.mark.parametrize(
    ("route", "reason"),
    [
        pytest.param(
            f"@get('/elsewhere', {DECLARED})\nasync def r() -> None: ...", "/elsewhere lies under none", id="outside"
        ),
        pytest.param(
            f"@hot.post('/odd/apix', body=In, {DECLARED})\nasync def r(request): ...",
            "/odd/apix lies under",
            id="hot, outside",
        ),
        pytest.param(
            "@litestar.get('/odd/api/r')\nasync def r() -> None: ...",
            "GET /odd/api/r declares no tenant, limit and off-answer",
            id="without a gate",
        ),
        pytest.param("def r(): ...", "is no route", id="a plain function"),
        pytest.param(
            "@get('/odd/api/r', tenant=nobody, limit=('stamp',), off=not_found)\nasync def r() -> None: ...",
            "GET /odd/api/r names the unknown policy 'stamp'",
            id="an unknown policy",
        ),
        pytest.param(
            "@hot.post('/odd/api/r', body=In, tenant=in_body('tenant_id', unknown_limit='stamp'), limit=(), off=not_found)\n"
            "async def r(request): ...",
            "names the unknown policy 'stamp'",
            id="an unknown policy for unknown tenants",
        ),
        pytest.param(
            "@get('/odd/api/r', tenant=secret_key('odd:read'), limit=(), off=not_found)\nasync def r() -> None: ...",
            "asks for the scope 'odd:read'; declare it",
            id="an unknown scope",
        ),
        pytest.param(
            "@hot.get('/odd/api/r', tenant=publishable_key(secret_scope='odd:read'), limit=(), off=not_found)\n"
            "async def r(request): ...",
            "asks for the scope 'odd:read'; declare it",
            id="an unknown scope for secret keys",
        ),
        pytest.param(
            f"@hot.get('/odd/api/{{x}}', {DECLARED})\nasync def r(request): ...",
            "GET /odd/api/{x} is hot and found by its exact path",
            id="hot, with a parameter",
        ),
    ],
)
def test_a_wrong_route_is_refused_with_its_method_and_path(shelf, route, reason):
    shelf.put_with_routes("odd", f"{ROUTES}{route}\nroutes = [r]\n")
    odd = load(shelf, "odd").find("odd")
    assert odd.stage is Stage.REFUSED
    assert reason in odd.reason


@pytest.mark.parametrize(
    "call",
    [
        "get('/odd/api/r', tenant=nobody, limit=())",
        "hot.get('/odd/api/r', tenant=nobody, off=not_found)",
        "get('/x', limit=(), off=not_found)",
    ],
    ids=["no off-answer", "no limit", "no tenant"],
)
def test_a_route_that_forgets_one_of_the_three_words_cannot_be_written(shelf, call):
    shelf.put_with_routes("odd", f"{ROUTES}@{call}\nasync def r() -> None: ...\nroutes = [r]\n")
    odd = load(shelf, "odd").find("odd")
    assert odd.stage is Stage.IMPORT_FAILED
    assert "missing 1 required keyword-only argument" in odd.reason


def test_an_ordinary_route_cannot_take_its_tenant_from_the_body(shelf):
    shelf.put_with_routes(
        "odd",
        f"{ROUTES}@post('/odd/api/r', tenant=in_body('t'), limit=(), off=not_found)\nasync def r() -> None: ...\nroutes = [r]\n",
    )
    assert "declare it with `hot`" in load(shelf, "odd").find("odd").reason


def test_gates_are_bound_to_the_plugin_and_the_full_names_of_its_policies(shelf):
    shelf.put_kitchen_sink()
    sink = load(shelf, "kitchen-sink").find("kitchen-sink")
    assert sink.serves
    assert all(isinstance(one, HotRoute) for one in sink.hot)
    assert all(isinstance(one, HTTPRouteHandler) for one in sink.ordinary)
    gates = {(one.method, one.path): one.gate for one in sink.hot}
    assert {gate.plugin for gate in [*gates.values(), *map(gate_of, sink.ordinary)]} == {"kitchen-sink"}
    order = gates["POST", "/kitchen/api/v1/orders"]
    assert order.limits == ("kitchen-sink.order",)
    assert order.source.unknown_limit == "kitchen-sink.unknown"
    assert gates["GET", "/kitchen/api/v1/public/menu"].limits == ("publishable", "kitchen-sink.visitor")


def test_loading_twice_changes_nothing(shelf):
    """The operator's commands and the server load in one process, one after the other."""
    shelf.put_kitchen_sink()
    first, second = (load(shelf, "kitchen-sink").find("kitchen-sink") for _ in range(2))
    assert [one.gate.limits for one in first.hot] == [one.gate.limits for one in second.hot]
    assert [gate_of(one) for one in first.ordinary] == [gate_of(one) for one in second.ordinary]


def test_a_reference_names_a_module_or_something_in_it():
    assert resolve("frontage.host.errors:Stage") is Stage
    assert resolve("frontage.host.errors").Stage is Stage
