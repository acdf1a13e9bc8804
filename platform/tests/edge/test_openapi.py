"""The OpenAPI document: valid, complete, and for each plugin the same whoever else is installed."""

import re

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from shelf import open_shelf

from frontage.app.platform import document_of_all
from frontage.edge.openapi import operation_ids
from frontage.edge.reserved import OWN_SCHEMAS
from frontage.host.loading import load_parts, load_roster
from frontage.host.mounting import prove
from frontage.host.roster import Roster
from frontage.tenants.policy import parse_windows
from frontage.testing.harness import running, settings_for

NEIGHBOUR = """
from typing import Literal
from msgspec import Struct
from frontage.plugin import JSONBody, Page, get, hot, nobody, not_found, post

OPEN = {"tenant": nobody, "limit": (), "off": not_found}

class Menu(Struct):
    other: int

class OrderOut(Struct):
    menu: Menu

class Bell(Struct, tag=True):
    loud: bool

class Horn(Struct, tag=True):
    long: bool

class Noise(Struct):
    source: Bell | Horn

@post("/neighbour/api/menu", **OPEN)
async def menu(data: JSONBody[Menu]) -> OrderOut:
    return OrderOut(data)

@hot.post("/neighbour/api/noise", body=Noise, returns=Menu, status=200, **OPEN)
async def order(request): ...

@hot.post("/neighbour/api/whisper", body=Menu, refuse=lambda problem, call: None, refusals=(405, 413), **OPEN)
async def whisper(request): ...

routes = [menu, order, whisper]
"""


@pytest.fixture
def shelf(tmp_path):
    with open_shelf(tmp_path / "site") as shelf:
        shelf.put_kitchen_sink()
        shelf.put_with_routes("neighbour", NEIGHBOUR)
        yield shelf


def proved(shelf, *slugs):
    roster = load_roster(shelf.find(*slugs))
    load_parts(roster)
    prove(roster)
    assert roster.stopped == [], [one.reason for one in roster.stopped]
    return roster


def references(value):
    if isinstance(value, dict):
        for one in value.values():
            yield from references(one)
    elif isinstance(value, list):
        for one in value:
            yield from references(one)
    elif isinstance(value, str) and value.startswith("#/"):
        yield value


def operations(document):
    return {(path, method): one for path, item in document["paths"].items() for method, one in item.items()}


def part_of(document, prefix):
    """What a document says under some paths, with every component that is reached from there."""
    paths = {path: item for path, item in document["paths"].items() if path.startswith(prefix)}
    schemas, found, left = document["components"]["schemas"], {}, list(references(paths))
    while left:
        name = left.pop().rpartition("/")[2]
        if name not in found:
            found[name] = schemas[name]
            left += references(schemas[name])
    return paths, found


def documents(shelf):
    roster = proved(shelf, "kitchen-sink", "neighbour")
    return {
        "all": document_of_all(roster),
        "the platform": document_of_all(Roster([])),
        **{one.slug: one.document for one in roster},
    }


@pytest.mark.parametrize("name", ["all", "the platform", "kitchen-sink", "neighbour"])
def test_every_document_is_valid_openapi_3_1(shelf, name):
    document = documents(shelf)[name]
    assert document["openapi"].startswith("3.1.")
    OpenAPIV31SpecValidator(document).validate()


@pytest.mark.parametrize("name", ["all", "the platform", "kitchen-sink", "neighbour"])
def test_every_reference_leads_somewhere(shelf, name):
    """Also those of a discriminator's mapping, which are texts and not `$ref`s."""
    document = documents(shelf)[name]
    found = set(references(document))
    assert {one.rpartition("/")[2] for one in found} <= {*document["components"]["schemas"]}


def test_the_mapping_of_a_discriminator_follows_its_components(shelf):
    schemas = documents(shelf)["all"]["components"]["schemas"]
    mapping = schemas["neighbour.Noise"]["properties"]["source"]["discriminator"]["mapping"]
    assert mapping == {name: f"#/components/schemas/neighbour.{name}" for name in ("Bell", "Horn")}


def test_operation_ids_are_unique(shelf):
    ids = operation_ids(documents(shelf)["all"])
    assert len(ids) == len(set(ids))


def test_a_plugins_own_document_does_not_change_with_its_neighbours(shelf):
    """`Menu` is a component of both, and `order` and `menu` are handlers of both."""
    alone = proved(shelf, "kitchen-sink").find("kitchen-sink").document
    assert proved(shelf, "kitchen-sink", "neighbour").find("kitchen-sink").document == alone


def test_a_plugins_part_of_the_whole_document_does_not_change_with_its_neighbours(shelf):
    alone = part_of(document_of_all(proved(shelf, "kitchen-sink")), "/kitchen")
    assert part_of(document_of_all(proved(shelf, "kitchen-sink", "neighbour")), "/kitchen") == alone
    assert part_of(document_of_all(Roster([])), "/account") == part_of(documents(shelf)["all"], "/account")


def test_components_bear_the_name_of_their_plugin_unless_claimed(shelf):
    whole = documents(shelf)["all"]
    kitchen, neighbour = (part_of(whole, prefix)[1] for prefix in ("/kitchen", "/neighbour"))
    assert {name for name in kitchen if "." not in name} - OWN_SCHEMAS == {"OrderIn"}
    assert {"kitchen-sink.Menu", "kitchen-sink.DishOut"} <= {*kitchen}
    assert {"neighbour.Menu", "neighbour.OrderOut"} <= {*neighbour}
    assert kitchen["kitchen-sink.Menu"] != neighbour["neighbour.Menu"]


def test_operation_ids_are_the_authors_or_begin_with_the_slug(shelf):
    ids = operation_ids(documents(shelf)["kitchen-sink"])
    assert "kitchen_order" in ids
    assert all(one == "kitchen_order" or one.startswith("kitchen-sink.") for one in ids)


def test_every_operation_says_how_its_tenant_is_found(shelf):
    found = operations(documents(shelf)["all"])
    assert [place for place, one in found.items() if not one.get("x-tenant-scope")] == []
    sources = {
        place: one["x-tenant-scope"]["source"] for place, one in found.items() if place[0].startswith("/kitchen")
    }
    expected = {
        ("/kitchen/api/v1/bell", "post"): "token",
        ("/kitchen/api/v1/dishes", "get"): "secret-key",
        ("/kitchen/api/v1/dishes", "post"): "secret-key",
        ("/kitchen/api/v1/dishes/{dish_id}", "delete"): "secret-key",
        ("/kitchen/api/v1/dishes/{dish_id}", "get"): "secret-key",
        ("/kitchen/api/v1/orders", "post"): "body",
        ("/kitchen/api/v1/ping", "post"): "public",
        ("/kitchen/api/v1/public/menu", "get"): "publishable-key",
        ("/kitchen/api/v1/public/wishes", "post"): "publishable-key",
        ("/kitchen/{shop}/menu", "get"): "secret-key",
    }
    assert sources | expected == sources


def test_limited_operations_declare_the_headers_of_their_limits(shelf):
    menu = operations(documents(shelf)["all"])["/kitchen/api/v1/public/menu", "get"]["responses"]
    for status in ("200", "404", "422", "429", "503"):
        assert {"RateLimit-Policy", "RateLimit-Remaining", "X-RateLimit-Reset"} <= {*menu[status]["headers"]}, status
    for status in ("401",):
        assert "RateLimit-Limit" not in menu[status]["headers"]
    assert "Retry-After" in menu["429"]["headers"]
    assert all("Access-Control-Allow-Origin" in one["headers"] for one in menu.values())


def test_a_silent_operation_declares_what_it_tells_and_no_more(shelf):
    """It answers 204 to whatever else would be refused."""
    whisper = operations(documents(shelf)["neighbour"])["/neighbour/api/whisper", "post"]["responses"]
    assert {*whisper} == {"204", "405", "413"}


TENANTS = {"acme": 'name = "A"\nnumber = 1\n[plugins.kitchen-sink]\n', "bolt": 'name = "B"\nnumber = 2\n'}
NAMES = re.compile(r"\{(\w+)\}")
EXAMPLES = {"shop": "acme", "plugin": "kitchen-sink", "file": "sink.js"}
ABUSES = {
    "nothing": {},
    "no json": {"content": b"{"},
    "an empty object": {"json": {}},
    "a wrong type": {"json": {"tenant_id": "acme", "dish": 5, "seats": "x", "name": 1, "price": -1}},
    "a right body": {"json": {"tenant_id": "acme", "dish": "soup", "name": "Soup", "price": 3}},
    "the same again": {"json": {"tenant_id": "acme", "dish": "soup", "name": "Soup", "price": 3}},
    "too many seats": {"json": {"dish": "soup", "seats": 500}},
    "an unknown tenant": {"json": {"tenant_id": "nobody", "dish": "soup"}},
    "an encoding": {"content": b"{}", "headers": {"Content-Encoding": "gzip"}},
    "a large body": {"content": b" " * 70_000},
    "a wrong query": {"params": {"page": "0", "page_size": "x", "most": "-1", "order": "?"}},
}


async def test_every_status_that_requests_provoke_is_declared(shelf, tmp_path, sqlite_url):
    """Each operation is called with every abuse, by everyone who could have sent it, until its limits refuse."""
    candidates = shelf.find("kitchen-sink")
    async with running(settings_for(sqlite_url, tmp_path), TENANTS, candidates) as platform:
        scopes = ("kitchen:read", "kitchen:write")
        windows = parse_windows("200;w=60")
        secrets = {"scopes": scopes, "windows": windows}
        publishable = {"scopes": ("kitchen:order",), "windows": windows}
        keys = [None, "csb_nonsense"]
        for slug in ("acme", "bolt"):
            keys += [
                await platform.key(slug, "secret", **secrets),
                await platform.key(slug, "publishable", **publishable),
            ]
        keys.append(await platform.key("acme", "secret"))
        provoked = {}
        for (path, method), declared in operations(platform.platform.document).items():
            seen = provoked.setdefault((path, method), set())
            for key in keys:
                for abuse in ABUSES.values():
                    headers = abuse.get("headers", {}) | ({"X-API-Key": key, "X-Kitchen-Token": key} if key else {})
                    url = NAMES.sub(lambda found: EXAMPLES.get(found[1], "nothing"), path)
                    answer = await platform.client.request(method, url, **{**abuse, "headers": headers})
                    seen.add(str(answer.status_code))
            assert seen <= {*declared["responses"]}, (path, method)
    everything = set().union(*provoked.values())
    assert everything >= {"200", "201", "202", "204", "400", "401", "403", "404", "409", "413", "415", "422", "429"}
