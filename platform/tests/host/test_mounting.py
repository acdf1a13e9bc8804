"""Every plugin is mounted alone first: what cannot be built or described is found there, and stops nobody else."""

import pytest

from frontage.edge.openapi import operation_ids
from frontage.host.errors import Stage
from frontage.host.loading import load_parts, load_roster
from frontage.host.mounting import build_router, prove

HEAD = """
from msgspec import Struct
from frontage.plugin import FromPath, JSONBody, get, hot, nobody, not_found, post

class In(Struct):
    name: str = ""

OPEN = {"tenant": nobody, "limit": (), "off": not_found}
"""


def proved(shelf, *slugs):
    roster = load_roster(shelf.find(*slugs))
    load_parts(roster)
    assert roster.stopped == [], "what this test is about only shows when a router is built"
    prove(roster)
    return roster


def put(shelf, slug, routes):
    shelf.put_with_routes(slug, HEAD + routes)


FINE = "@get('/fine/api/r', **OPEN)\nasync def r() -> None: ...\nroutes = [r]\n"


@pytest.mark.parametrize(
    ("routes", "reason"),
    [
        pytest.param(
            "@get('/odd/api', **OPEN)\nasync def r(): ...\nroutes = [r]\n", "r", id="no annotation of its answer"
        ),
        pytest.param(
            "@get('/odd/api', **OPEN)\nasync def r(x) -> None: ...\nroutes = [r]\n",
            "x",
            id="no annotation of a parameter",
        ),
        pytest.param(
            "@get('/odd/api', **OPEN)\nasync def r() -> None: ...\n@get('/odd/api', **OPEN)\nasync def s() -> None: ...\nroutes = [r, s]\n",
            "already registered",
            id="one path twice",
        ),
        pytest.param(
            "@get('/odd/api', **OPEN)\nasync def r() -> None: ...\n@hot.get('/odd/api', **OPEN)\nasync def s(request): ...\nroutes = [r, s]\n",
            "already registered",
            id="one path hot and ordinary",
        ),
        pytest.param(
            "@get('/odd/api/{x:nonsense}', **OPEN)\nasync def r() -> None: ...\nroutes = [r]\n",
            "nonsense",
            id="an unknown type in a path",
        ),
        pytest.param(
            "@get('/odd/api', **OPEN)\nasync def r() -> None: ...\n@post('/odd/api', public=True, **OPEN)\nasync def s() -> None: ...\nroutes = [r, s]\n",
            "/odd/api: all methods of a path are public or none is",
            id="one path public and not",
        ),
        pytest.param(
            "@get('/odd/api/a', **OPEN)\nasync def r() -> None: ...\nfirst = r\n@get('/odd/api/b', **OPEN)\nasync def r() -> None: ...\nroutes = [first, r]\n",
            "two of its operations are named odd.r; give one an operation_id",
            id="one name twice",
        ),
        pytest.param(
            "@get('/odd/api/a', **OPEN)\nasync def r() -> None: ...\nfirst = r\n@hot.get('/odd/api/b', **OPEN)\nasync def r(request): ...\nroutes = [first, r]\n",
            "two of its operations are named odd.r",
            id="one name hot and ordinary",
        ),
    ],
)
def test_routes_that_cannot_be_mounted_stop_their_plugin_alone(shelf, routes, reason):
    put(shelf, "odd", routes)
    put(shelf, "fine", FINE)
    roster = proved(shelf, "fine", "odd")
    odd = roster.find("odd")
    assert odd.stage is Stage.REFUSED
    assert reason in odd.reason
    assert [one.slug for one in roster.serving] == ["fine"]
    build_router([route for one in roster.serving for route in one.ordinary], [])


def test_an_operation_id_that_another_plugin_has_is_refused_with_both_names(shelf):
    for slug in ("first", "second"):
        put(
            shelf, slug, f"@get('/{slug}/api', operation_id='find', **OPEN)\nasync def r() -> None: ...\nroutes = [r]\n"
        )
    second = proved(shelf, "first", "second").find("second")
    assert (second.stage, second.reason) == (Stage.REFUSED, "second and first both name an operation find")


def test_handlers_of_one_name_in_two_plugins_are_no_clash(shelf):
    for slug in ("first", "second"):
        put(shelf, slug, f"@get('/{slug}/api', **OPEN)\nasync def r() -> None: ...\nroutes = [r]\n")
    roster = proved(shelf, "first", "second")
    assert [operation_ids(one.document) for one in roster.serving] == [["first.r"], ["second.r"]]


def test_a_plugin_without_routes_is_proved_too(shelf):
    shelf.put("quiet")
    assert proved(shelf, "quiet").find("quiet").document["paths"] == {}
