"""What is not there cannot be attacked: no session, no password, no request of the server's own, no open redirect."""

import ast
from pathlib import Path

import pytest
from tests.isolation.credentials import scope_of
from tests.isolation.matrix import operations_of

from frontage.app.platform import document_of_all, load_plugins
from frontage.base.database import Database
from frontage.host.discovery import find_candidates

ROOT = Path(__file__).parents[2]
CLIENTS = {"aiohttp", "httpx", "niquests", "requests", "smtplib", "urllib3", "websockets"}
PARTS_OF_CLIENTS = {"http.client", "urllib.request"}


@pytest.fixture
async def document(sqlite_url):
    """The OpenAPI document of everything that is installed."""
    database = Database(sqlite_url)
    roster, _ = await load_plugins(database, find_candidates(), migrated=False)
    await database.close()
    return document_of_all(roster)


async def test_nothing_that_a_browser_sends_by_itself_is_a_credential(document):
    """No cookie, no basic authentication: a page of another origin sends in nobody's name."""
    schemes = document["components"]["securitySchemes"].values()
    assert {(one["type"], one["in"]) for one in schemes} <= {("apiKey", "header"), ("apiKey", "query")}
    for operation in operations_of(document):
        assert scope_of(operation.told)
        assert all(one["in"] != "cookie" for one in operation.told.get("parameters", ())), operation.name


async def test_no_operation_takes_a_password(document):
    """Keys of 190 bits are all that could be guessed."""
    members = {name for one in document["components"]["schemas"].values() for name in one.get("properties", {})}
    assert members
    assert not [name for name in members if "password" in name.lower() or "passphrase" in name.lower()]


def test_nothing_that_serves_imports_a_client():
    """Nobody can make the server fetch an address: it has nothing to fetch with."""
    sources = [*ROOT.glob("platform/src/frontage/**/*.py"), *ROOT.glob("plugins/*/src/**/*.py")]
    serving = [one for one in sources if not {"testing", "tests"} & set(one.parts)]
    assert len(serving) > 100
    found = {str(one.relative_to(ROOT)): _clients_in(one) for one in serving}
    assert {path: names for path, names in found.items() if names} == {}


def _clients_in(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{one.name}" for one in node.names}
    return {name for name in names if name.partition(".")[0] in CLIENTS or name in PARTS_OF_CLIENTS}
