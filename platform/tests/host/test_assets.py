"""Assets of plugins: what is taken from a folder, and how it is served to pages of other origins."""

import gzip
import os
import sys
from base64 import b64decode
from hashlib import sha256, sha384
from importlib.metadata import EntryPoint

import pytest
from httpx import ASGITransport, AsyncClient
from litestar import Litestar
from litestar.datastructures import State
from structlog.testing import capture_logs

from frontage.base.database import Database
from frontage.base.pepper import Pepper
from frontage.edge.address import TrustedProxies
from frontage.edge.front import Front
from frontage.edge.gate import Gatekeeper
from frontage.edge.limits import MemoryLimiter
from frontage.edge.meter import RequestMeter
from frontage.edge.ordinary import answer_error, gate_of
from frontage.edge.path_gates import PathGates
from frontage.edge.public_paths import PublicPaths
from frontage.host.assets import (
    LARGEST_FILE,
    MOST_ENTRIES,
    AssetStore,
    accepts_gzip,
    asset_folders,
    asset_routes,
    matches_tag,
)
from frontage.host.discovery import Candidate
from frontage.host.errors import Stage
from frontage.host.roster import Entry, Roster
from frontage.plugin import Plugin
from frontage.tenants.directory import Directory

SCRIPT = b"export const greet = () => 'hello';\n" * 40
TINY = b"{}"
ORIGIN = "https://shop.example"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "package" / "widget"
    (folder / "lang").mkdir(parents=True)
    (folder / "widget.js").write_bytes(SCRIPT)
    (folder / "tiny.json").write_bytes(TINY)
    (folder / "lang" / "de.js").write_bytes(b"export default 'Hallo';\n")
    return folder


@pytest.fixture
async def front(tmp_path, folder):
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/never-opened.db")
    routes = asset_routes(AssetStore({"places": folder}))
    gates = PathGates((path, gate_of(route)) for route in routes for path in route.paths)
    app = Litestar(routes, exception_handlers={Exception: answer_error}, state=State({"gates": gates}))
    directory = Directory(database, Pepper("x" * 32), lambda *_: None)
    keeper = Gatekeeper(directory, MemoryLimiter(), TrustedProxies(()), "http://test/errors")
    public = PublicPaths(path for route in routes if gate_of(route).public for path in route.paths)
    yield Front(app, keeper, hot=(), public=public, meter=RequestMeter())
    await database.close()


@pytest.fixture
async def client(front):
    async with AsyncClient(transport=ASGITransport(front), base_url="http://test") as client:
        client.headers["accept-encoding"] = "identity"
        yield client


async def status_of(front, path):
    """The status for a path exactly as it is given here; clients tidy it up before they send it."""
    sent = []
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [],
    }
    scope |= {
        "http_version": "1.1",
        "scheme": "http",
        "server": ("test", 80),
        "client": ("192.0.2.1", 1),
        "root_path": "",
    }

    async def receive():
        return {"type": "http.request", "body": b""}

    async def send(message):
        sent.append(message)

    await front(scope, receive, send)
    return sent[0]["status"]


def hashed(name, body):
    stem, _, suffix = name.rpartition(".")
    return f"{stem}.{sha256(body).hexdigest()[:12]}.{suffix}"


@pytest.mark.parametrize(
    ("path", "cache_control"),
    [
        ("widget.js", "public, max-age=300, stale-while-revalidate=86400"),
        (hashed("widget.js", SCRIPT), "public, max-age=31536000, immutable"),
    ],
    ids=["plain", "hashed"],
)
async def test_a_script_is_served_to_any_origin(client, path, cache_control):
    """A page of any origin may load, verify and keep it: five minutes by its name, for ever by its hash."""
    answer = await client.get(f"/assets/places/{path}", headers={"origin": ORIGIN})
    assert (answer.status_code, answer.content) == (200, SCRIPT)
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == cache_control
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert {word.strip() for word in answer.headers["vary"].split(",")} == {"Accept-Encoding", "Origin"}


async def test_a_language_in_a_sub_folder_is_served_alike(client):
    """Sub-folders of one level are public too, errors among them."""
    found = await client.get("/assets/places/lang/de.js", headers={"origin": ORIGIN})
    missing = await client.get("/assets/places/lang/fr.js", headers={"origin": ORIGIN})
    assert (found.status_code, missing.status_code) == (200, 404)
    assert found.headers["access-control-allow-origin"] == missing.headers["access-control-allow-origin"] == ORIGIN


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("a.js", "text/javascript; charset=utf-8"),
        ("a.mjs", "text/javascript; charset=utf-8"),
        ("a.css", "text/css; charset=utf-8"),
        ("a.json", "application/json"),
        ("a.js.map", "application/json"),
        ("a.svg", "image/svg+xml"),
        ("A.PNG", "image/png"),
        ("a.woff2", "font/woff2"),
    ],
)
async def test_each_kind_of_file_has_its_content_type(client, folder, name, content_type):
    """Browsers are told not to guess, so the type must be right."""
    (folder / name).write_bytes(b"x")
    assert (await client.get(f"/assets/places/{name}")).headers["content-type"] == content_type


async def test_an_svg_runs_no_script_when_it_is_opened(client, folder):
    """Opened by itself it would be a page of this origin."""
    (folder / "pin.svg").write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    policy = (await client.get("/assets/places/pin.svg")).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy


async def test_the_manifest_tells_what_a_page_needs(client):
    """Its paths lead to the bytes that its integrity verifies."""
    answer = await client.get("/assets/places/manifest.json")
    manifest = answer.json()
    assert answer.headers["cache-control"] == "public, max-age=60"
    assert list(manifest["files"]) == ["tiny.json", "widget.js", "lang/de.js"]
    for name, told in manifest["files"].items():
        plain, pinned = await client.get(told["path"]), await client.get(told["hashed_path"])
        assert told["path"] == f"/assets/places/{name}"
        assert plain.content == pinned.content
        assert len(plain.content) == told["bytes"]
        assert b64decode(told["integrity"].removeprefix("sha384-")) == sha384(plain.content).digest()
    zipped = await client.get("/assets/places/widget.js", headers={"accept-encoding": "gzip"})
    assert manifest["files"]["widget.js"]["gzip_bytes"] == int(zipped.headers["content-length"])
    assert manifest["files"]["tiny.json"]["gzip_bytes"] is None


def test_the_manifest_begins_its_paths_where_the_public_url_does(folder):
    """Behind a path prefix a page must ask for that prefix too."""
    told = AssetStore({"places": folder}, "/edge/").manifest("places").files["lang/de.js"]
    assert told.path == "/edge/assets/places/lang/de.js"
    assert told.hashed_path.startswith("/edge/assets/places/lang/de.")


@pytest.mark.parametrize(
    ("accept_encoding", "takes"),
    [
        ("", False),
        ("gzip", True),
        ("GZIP", True),
        ("x-gzip", True),
        ("br, gzip;q=0.8", True),
        ("br", False),
        ("*", True),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip;q=0.000", False),
        ("gzip ; q=0.5", True),
        ("*;q=0", False),
        ("gzip, *;q=0", True),
        ("gzip;q=0, *", False),
        ("identity;q=1, gzip;q=0.5", False),
        ("identity;q=0.5, gzip;q=1", True),
        ("gzip;q=nan", False),
        ("gzip;q=", False),
        ("gzip;q=2", False),
        (";;,,=", False),
    ],
)
def test_gzip_is_for_those_who_take_it(accept_encoding, takes):
    """A weight of 0 refuses, a preference for the plain bytes is honoured, an unreadable weight refuses."""
    assert accepts_gzip(accept_encoding) is takes


@pytest.mark.parametrize(
    ("accept_encoding", "coding"), [("gzip, br", "gzip"), ("gzip;q=0", None), ("identity", None)], ids=str
)
async def test_a_script_is_compressed_for_those_who_take_gzip(client, accept_encoding, coding):
    """Either way it is the same script."""
    answer = await client.get("/assets/places/widget.js", headers={"accept-encoding": accept_encoding})
    assert answer.headers.get("content-encoding") == coding
    assert answer.content == SCRIPT
    assert (int(answer.headers["content-length"]) < len(SCRIPT)) is (coding == "gzip")


async def test_what_gzip_would_make_larger_is_sent_plain(client):
    """Two bytes stay two bytes."""
    answer = await client.get("/assets/places/tiny.json", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in answer.headers
    assert answer.content == TINY


def test_two_processes_compress_alike(folder):
    """No time stands in the compressed bytes: any worker may answer for any other."""
    found = AssetStore({"places": folder}).find("places", "widget.js")
    assert found.compressed[4:8] == b"\0\0\0\0"
    assert gzip.decompress(found.compressed) == SCRIPT


@pytest.mark.parametrize("accept_encoding", ["gzip", "identity"])
async def test_whoever_has_the_bytes_gets_none(client, accept_encoding):
    """A 304 has no body and the headers by which a cache stays fresh."""
    headers = {"accept-encoding": accept_encoding, "origin": ORIGIN}
    first = await client.get("/assets/places/widget.js", headers=headers)
    second = await client.get("/assets/places/widget.js", headers={**headers, "if-none-match": first.headers["etag"]})
    assert (second.status_code, second.content) == (304, b"")
    kept = ("etag", "cache-control", "vary", "access-control-allow-origin")
    assert [second.headers[name] for name in kept] == [first.headers[name] for name in kept]


async def test_the_two_codings_have_two_tags(client):
    """A strong tag stands for the very bytes, and gzip's are others."""
    tags = {
        (await client.get("/assets/places/widget.js", headers={"accept-encoding": coding})).headers["etag"]
        for coding in ("gzip", "identity")
    }
    assert len(tags) == 2


@pytest.mark.parametrize(
    ("if_none_match", "matches"),
    [
        ("", False),
        ('"a"', True),
        ('W/"a"', True),
        ("*", True),
        ('"b", "a"', True),
        ('"b"', False),
        ("a", False),
        ('"A"', False),
    ],
)
def test_a_tag_is_found_among_those_named(if_none_match, matches):
    """Lists, weak tags and the star are read as RFC 9110 says."""
    assert matches_tag(if_none_match, '"a"') is matches


@pytest.mark.parametrize("path", ["widget.js", hashed("widget.js", SCRIPT), "lang/de.js", "manifest.json"])
async def test_head_tells_what_get_would(client, path):
    """A HEAD has the headers of a GET and no body."""
    got, told = await client.get(f"/assets/places/{path}"), await client.head(f"/assets/places/{path}")
    names = ("content-type", "content-length", "etag", "cache-control")
    assert (told.status_code, told.content) == (200, b"")
    assert [told.headers[name] for name in names] == [got.headers[name] for name in names]


@pytest.mark.parametrize(
    "path",
    [
        "/assets/places/../widget.js",
        "/assets/places/../../secret.py",
        "/assets/places/lang/../../secret.py",
        "/assets/places/lang/..",
        "/assets/places/..",
        "/assets/places/%2e%2e/secret.py",
        "/assets/places/..\\secret.py",
        "/assets/places/lang\\de.js",
        "/assets/places/widget.js\0",
        "/assets/places/widget.js\0.css",
        "/assets/places/\0",
        "/assets/places//etc/passwd",
        "/assets/places/.env",
        "/assets/places/.git/config",
        "/assets/places/lang",
        "/assets/places/WIDGET.JS",
        "/assets/places/widget.000000000000.js",
        "/assets/places/widget.js/widget.js/x",
        "/assets/unknown/widget.js",
        "/assets/unknown/manifest.json",
        "/assets/../places/widget.js",
        "/assets",
        "/assets/places",
        "/assets/places/\udcff.js".encode("utf-8", "surrogateescape").decode("latin-1"),
    ],
)
async def test_no_path_leads_anywhere_else(front, folder, path):
    """Whatever is no name in a manifest is not found."""
    (folder.parent / "secret.py").write_text("SECRET = 1")
    (folder / ".env").write_text("SECRET=1")
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("secret")
    assert await status_of(front, path) == 404


async def test_an_encoded_path_is_the_same_path(client):
    """Percent-encoding opens no other way."""
    assert (await client.get("/assets/places/%2e%2e%2fsecret.py")).status_code == 404
    assert (await client.get("/assets/places/%77idget.js")).content == SCRIPT


async def test_only_reading_is_allowed(client):
    """Nobody writes assets over HTTP, and a preflight is answered."""
    refused = await client.post("/assets/places/widget.js")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert (await client.options("/assets/places/lang/de.js", headers={"origin": ORIGIN})).status_code == 204


def make_escaping_file(folder):
    (folder.parent / "secret.js").write_text("1")
    (folder / "bad.js").symlink_to(folder.parent / "secret.js")


def make_escaping_folder(folder):
    (folder.parent / "private").mkdir()
    (folder.parent / "private" / "bad.js").write_text("1")
    (folder / "bad").symlink_to(folder.parent / "private")


def make_loop(folder):
    (folder / "bad.js").symlink_to(folder / "bad.js")


def make_deep(folder):
    (folder / "lang" / "deep").mkdir()
    (folder / "lang" / "deep" / "bad.js").write_text("1")


SKIPPED = {
    "a link out of the folder": (make_escaping_file, "leads out"),
    "a folder that is a link": (make_escaping_folder, "no regular file"),
    "a link to itself": (make_loop, "no regular file"),
    "a pipe": (lambda folder: os.mkfifo(folder / "bad.js"), "no regular file"),
    "a second level": (make_deep, "within a sub-folder"),
    "a page": (lambda folder: (folder / "bad.html").write_text("<script>"), "must end with"),
    "no suffix": (lambda folder: (folder / "bad").write_text("x"), "must end with"),
    "code": (lambda folder: (folder / "bad.py").write_text("x"), "must end with"),
    "a space": (lambda folder: (folder / "bad name.js").write_text("x"), "must be named"),
    "a letter beyond ASCII": (lambda folder: (folder / "bäd.js").write_text("x"), "must be named"),
    "the manifest's name": (lambda folder: (folder / "manifest.json").write_text('"bad"'), "must be named"),
    "too large": (lambda folder: (folder / "bad.js").write_bytes(b"x" * (LARGEST_FILE + 1)), "larger than"),
}


@pytest.mark.parametrize(("make", "reason"), SKIPPED.values(), ids=SKIPPED)
def test_what_is_not_to_be_served_is_skipped_and_said(folder, make, reason):
    """Its neighbours are served, and the log tells the plugin's author why this one is not."""
    make(folder)
    with capture_logs() as logs:
        store = AssetStore({"places": folder})
    assert list(store.manifest("places").files) == ["tiny.json", "widget.js", "lang/de.js"]
    assert [(line["event"], line["plugin"]) for line in logs] == [("asset.skipped", "places")]
    assert reason in logs[0]["reason"]


def test_the_largest_file_is_served(folder):
    """The bound itself is allowed."""
    (folder / "large.js").write_bytes(b"x" * LARGEST_FILE)
    assert AssetStore({"places": folder}).find("places", "large.js") is not None


def test_a_link_within_the_folder_is_followed(folder):
    """`latest.js` may point to its neighbour."""
    (folder / "latest.js").symlink_to("widget.js")
    assert AssetStore({"places": folder}).find("places", "latest.js").body == SCRIPT


def test_the_number_of_files_is_bounded(folder):
    """A folder that is a dump does not fill the memory, and says so once."""
    for number in range(MOST_ENTRIES):
        (folder / f"{number:03}.js").write_text("1")
    with capture_logs() as logs:
        store = AssetStore({"places": folder})
    assert len(store.manifest("places").files) == MOST_ENTRIES
    assert len(logs) == 1


async def test_a_change_on_disk_shows_at_once(client, folder):
    """Whoever writes a widget sees it at the next request; the old hash is gone, never other bytes under it."""
    before = (await client.get("/assets/places/widget.js")).headers["etag"]
    (folder / "widget.js").write_bytes(b"changed")
    after = await client.get("/assets/places/widget.js", headers={"if-none-match": before})
    assert (after.status_code, after.content) == (200, b"changed")
    assert (await client.get(f"/assets/places/{hashed('widget.js', SCRIPT)}")).status_code == 404
    assert (await client.get(f"/assets/places/{hashed('widget.js', b'changed')}")).content == b"changed"


@pytest.mark.parametrize("name", ["new.js", "lang/fr.js", "fonts/a.woff2"])
async def test_a_file_that_comes_and_goes_is_noticed(client, folder, name):
    """In the folder, in a sub-folder, and in one that did not exist."""
    assert (await client.get(f"/assets/places/{name}")).status_code == 404
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"x")
    assert (await client.get(f"/assets/places/{name}")).content == b"x"
    (folder / name).unlink()
    assert (await client.get(f"/assets/places/{name}")).status_code == 404


async def test_a_folder_may_vanish_for_a_while(client, folder):
    """While its package is installed anew its files are not found; afterwards they are."""
    aside = folder.rename(folder.with_name("aside"))
    assert (await client.get("/assets/places/widget.js")).status_code == 404
    aside.rename(folder)
    assert (await client.get("/assets/places/widget.js")).content == SCRIPT


def test_nothing_is_read_while_nothing_changes(folder):
    """A request costs a look at the state of the files, not their bytes."""
    store = AssetStore({"places": folder})
    first = store.find("places", "widget.js")
    assert store.find("places", "widget.js") is first


def test_the_document_tells_of_the_routes(folder):
    """The manifest has its type, a file is any bytes, and both say how they are kept."""
    app = Litestar(asset_routes(AssetStore({"places": folder})))
    paths = app.openapi_schema.to_schema()["paths"]
    manifest = paths["/assets/{plugin}/manifest.json"]["get"]["responses"]
    assert manifest["200"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/AssetManifest"}
    for path in paths.values():
        responses = path["get"]["responses"]
        assert responses["304"]["description"]
        assert {name: bool(one.get("schema")) for name, one in responses["200"]["headers"].items()} == {
            "ETag": True,
            "Cache-Control": True,
        }
    assert "*/*" in paths["/assets/{plugin}/{folder}/{name}"]["get"]["responses"]["200"]["content"]


def entry_with(assets, tmp_path, monkeypatch):
    package = tmp_path / "frontage_asset_specimen"
    (package / "widget").mkdir(parents=True)
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, package.name, raising=False)
    point = EntryPoint("specimen", "frontage_asset_specimen.plugin:plugin", "frontage.plugins")
    return Entry(
        Candidate("specimen", point, "frontage-specimen", "1"), Plugin("specimen", "Specimen", (), assets=assets)
    )


@pytest.mark.parametrize(
    ("assets", "reason"),
    [
        ("missing/", "missing from the installed package"),
        (".", "no folder inside its package"),
        ("", "no folder inside its package"),
        ("../elsewhere", "no folder inside its package"),
        ("/etc", "no folder inside its package"),
    ],
)
def test_a_plugin_whose_folder_is_wrong_is_refused(tmp_path, monkeypatch, assets, reason):
    """It is named with the reason, and its neighbours serve."""
    roster = Roster([entry_with(assets, tmp_path, monkeypatch)])
    assert asset_folders(roster) == {}
    assert roster.stopped[0].stage is Stage.REFUSED
    assert reason in roster.stopped[0].reason


@pytest.mark.parametrize(("assets", "found"), [("widget/", ["specimen"]), (None, [])], ids=["a folder", "none"])
def test_the_folder_of_a_plugin_is_found_in_its_package(tmp_path, monkeypatch, assets, found):
    """Wherever the package is installed."""
    roster = Roster([entry_with(assets, tmp_path, monkeypatch)])
    assert list(asset_folders(roster)) == found
    assert not roster.stopped
