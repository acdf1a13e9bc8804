"""The reference: complete, readable without a script, and unable to load or run anything."""

from base64 import b64encode
from collections import Counter
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from httpx import ASGITransport, AsyncClient
from litestar import Litestar
from litestar.openapi import OpenAPIConfig

from frontage.app.reference import ADVICE, Reference, reference_routes
from frontage.base.database import Database
from frontage.base.pepper import Pepper
from frontage.edge.address import TrustedProxies
from frontage.edge.front import Front
from frontage.edge.gate import Gatekeeper
from frontage.edge.limits import MemoryLimiter
from frontage.edge.meter import RequestMeter
from frontage.edge.ordinary import answer_error
from frontage.edge.problems import KINDS
from frontage.edge.public_paths import PublicPaths
from frontage.tenants.directory import Directory

PLACE = {
    "type": "object",
    "description": "A place of a shop.",
    "required": ["id", "kind"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "kind": {"enum": ["shop", "depot"]},
        "size": {"type": ["integer", "null"], "minimum": 2.0, "maximum": 9},
        "parent": {"anyOf": [{"$ref": "#/components/schemas/Place"}, {"type": "null"}], "default": None},
        "hours": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
        "owner": {"type": "object", "properties": {"name": {"type": "string", "maxLength": 40}}},
        "anything": True,
    },
}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Edge", "version": "1.2.3", "description": "First paragraph\nwith `code`.\n\nSecond."},
    "servers": [{"url": "https://edge.example"}],
    "tags": [{"name": "Places", "description": "Where shops are."}],
    "paths": {
        "/places/{id}": {
            "parameters": [{"$ref": "#/components/parameters/Id"}],
            "get": {
                "tags": ["Places"],
                "summary": "Read a place",
                "operationId": "places.read",
                "description": "Tells everything of it.",
                "deprecated": True,
                "x-tenant-scope": {"source": "publishable-key", "secret_scope": "places:read", "limits": ["visitor"]},
                "parameters": [
                    {
                        "name": "near",
                        "in": "query",
                        "required": True,
                        "description": "How near.",
                        "schema": {"type": "number"},
                    },
                    {
                        "name": "X-Trace",
                        "in": "header",
                        "required": True,
                        "schema": {"type": "string", "examples": ["it's"]},
                    },
                    {"name": "optional", "in": "query", "schema": {"type": "string", "pattern": "^a$"}},
                ],
                "responses": {
                    "200": {
                        "description": "The place.",
                        "headers": {"ETag": {"description": "Its version.", "schema": {"type": "string"}}},
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Place"}}},
                    },
                    "404": {"$ref": "#/components/responses/Missing"},
                },
            },
        },
        "/places": {
            "post": {
                "summary": "Add a place",
                "x-tenant-scope": {"source": "secret-key", "scope": "places:write"},
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Place"}}}},
                "responses": {"201": {"description": "Added."}},
            }
        },
    },
    "components": {
        "parameters": {"Id": {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}},
        "responses": {
            "Missing": {"description": "No such place.", "content": {"application/problem+json": {"schema": {}}}}
        },
        "schemas": {"Place": PLACE},
    },
}
PAGES = ["/schema", "/schema/places", "/errors/not_found"]
DOCUMENTS = ["/schema/openapi.json", "/schema/places/openapi.json"]
HOSTILE = "</code></style><script>alert(1)</script>\"'><img src=x onerror=alert(1)>`<b>`&lt;javascript:alert(1)"
# What a document must say in the format's own words, and where it names things in words of its own.
STRUCTURE = {"openapi", "in", "source"}
NAMES = {"paths", "properties", "schemas", "content", "headers"}


@pytest.fixture
async def client(tmp_path):
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/never-opened.db")
    reference = Reference({"": DOCUMENT, "places": DOCUMENT})
    app = Litestar(reference_routes(reference), exception_handlers={Exception: answer_error}, openapi_config=None)
    directory = Directory(database, Pepper("x" * 32), lambda *_: None)
    keeper = Gatekeeper(directory, MemoryLimiter(), TrustedProxies(()), "http://test/errors")
    front = Front(app, keeper, hot=(), public=PublicPaths(()), meter=RequestMeter())
    async with AsyncClient(transport=ASGITransport(front), base_url="http://test") as client:
        yield client
    await database.close()


class Seen(HTMLParser):
    """What a browser would find in a page."""

    VOID = frozenset({"meta"})

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.headings, self.words = [], [], [], []
        self.open = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attributes]
        if tag in {"h1", "h2", "h3", "h4"}:
            self.headings.append(int(tag[1]))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def values(self, wanted):
        return [value for _, name, value in self.attributes if name == wanted]


def page_of(document, **documents):
    return Reference({"": document, **documents}).page().body.decode()


def poisoned(value, *, named=False):
    """The same document, with something hostile behind every text, and behind every name that somebody chose."""
    if isinstance(value, dict):
        return {key + HOSTILE * named: poisoned_member(key, one) for key, one in value.items()}
    if isinstance(value, list):
        return [poisoned(one) for one in value]
    return value + HOSTILE if isinstance(value, str) else value


def poisoned_member(key, value):
    if key in STRUCTURE or (key == "$ref" and "/schemas/" not in value):
        return value
    return poisoned(value, named=key in NAMES)


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_can_load_and_run_nothing(client, path):
    """There is no script, no picture and no other's address in it, and its policy allows its own style alone."""
    answer = await client.get(path)
    seen = Seen(answer.text)
    style = answer.text.partition("<style>")[2].partition("</style>")[0]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert answer.headers["content-security-policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert not {"script", "img", "link", "iframe", "object", "form", "base", "svg"} & {*seen.tags}
    assert not {"src", "srcset", "style"} & {name for _, name, _ in seen.attributes}
    assert all(address.startswith(("#", "/")) and not address.startswith("//") for address in seen.values("href"))
    assert "url(" not in style
    assert "@import" not in style


def test_hostile_words_of_a_document_stay_words():
    """Whatever stands in any of its texts and names, the page has the elements that it had without."""
    clean, hostile = Seen(page_of(DOCUMENT)), Seen(page_of(poisoned(DOCUMENT)))
    assert hostile.text.count("<script>alert(1)</script>") > 50
    assert Counter(hostile.tags) - Counter(clean.tags) <= Counter({"code": len(hostile.tags)})
    assert {(tag, name) for tag, name, _ in hostile.attributes} == {(tag, name) for tag, name, _ in clean.attributes}
    assert all(address.startswith(("#", "/")) for address in hostile.values("href"))
    assert not hostile.open


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_can_be_used_by_keyboard_and_ear(client, path):
    """One title, headings that skip no level, a way past the contents, and no link to nowhere."""
    answer = await client.get(path)
    seen = Seen(answer.text)
    ids = seen.values("id")
    assert len(ids) == len(set(ids))
    assert {address[1:] for address in seen.values("href") if address.startswith("#")} <= set(ids)
    assert seen.headings.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(seen.headings))
    assert seen.values("href")[0] == "#content"
    assert ("html", "lang", "en") in seen.attributes
    assert ("meta", "name", "viewport") in seen.attributes
    assert all(("pre", "tabindex", "0") in seen.attributes for tag in seen.tags if tag == "pre")


SAID = {
    "its title": "Edge",
    "its version": "Version 1.2.3",
    "a paragraph with code": "First paragraph with code .",
    "the group": "Places Where shops are.",
    "an operation": "Read a place GET /places/{id} Deprecated: build nothing new on it. Tells everything of it.",
    "an operation without a tag": "Other Add a place POST /places",
    "where the tenant comes from": "The publishable key in X-API-Key , or in ?key= , says whose request it is.",
    "the scope of a server": "A server may send a secret key with the scope places:read instead.",
    "the scope of a key": "only servers may send it. The key needs the scope places:write .",
    "what else is said of the tenant": 'limits: ["visitor"] .',
    "a parameter written elsewhere": "id required in path string",
    "a parameter": "near required in query number How near.",
    "an optional parameter": "optional in query string, matching ^a$",
    "a header of an answer": "Headers ETag string Its version.",
    "an answer written elsewhere": "404 No such place. application/problem+json anything",
    "an answer without content": "201 Added.",
    "a schema": "Place object A place of a shop.",
    "a required member with a format": "id required string (uuid)",
    "a choice": 'kind required "shop" or "depot"',
    "bounds": "size integer or null, at least 2, at most 9",
    "a reference": "parent Place or null, default null",
    "a map": "hours object whose members are list of string",
    "a member of a member": "owner object name string, at most 40 characters",
    "a member without bounds": "anything anything",
}


@pytest.mark.parametrize("words", SAID.values(), ids=SAID)
def test_a_page_says_what_its_document_says(words):
    """In the order in which one reads."""
    assert words in Seen(page_of(DOCUMENT)).text


def test_a_reference_leads_to_its_schema():
    """Of a body, an answer and a member alike."""
    seen = Seen(page_of(DOCUMENT))
    assert seen.values("href").count("#schema-Place") >= 4
    assert ("article", "id", "schema-Place") in seen.attributes


@pytest.mark.parametrize(
    "lines",
    [
        [
            "curl 'https://edge.example/places/id?near=1' \\",
            '  -H "X-API-Key: $PUBLISHABLE_KEY" \\',
            "  -H 'X-Trace: it'\"'\"'s'",
        ],
        [
            "curl https://edge.example/places \\",
            '  -H "X-API-Key: $SECRET_KEY" \\',
            "  -H 'Content-Type: application/json' \\",
            """  -d '{"id": "00000000-0000-4000-8000-000000000000", "kind": "shop"}'""",
        ],
    ],
    ids=["read", "write"],
)
def test_an_example_can_be_pasted(lines):
    """It is quoted for a shell, names the keys by variables, and sends what the schema requires."""
    assert "\n".join(lines) in "".join(Seen(page_of(DOCUMENT)).words)


@pytest.mark.parametrize(
    ("schema", "shown"),
    [
        ({"type": "integer", "minimum": 5}, "near=5"),
        ({"type": "integer", "maximum": -3}, "near=-3"),
        ({"type": "boolean"}, "near=True"),
        ({"type": "string", "format": "date"}, "near=2030-01-31"),
        ({"type": "string"}, "near=near"),
        ({"const": "a b"}, "near=a+b"),
        ({"type": "string", "default": "&x=1"}, "near=%26x%3D1"),
        ({"anyOf": [{"type": "null"}, {"enum": ["b"]}]}, "near=b"),
        ({"$ref": "#/components/schemas/Missing"}, "near=None"),
    ],
    ids=str,
)
def test_an_example_fits_its_schema(schema, shown):
    """As small as may be, and safe in a query."""
    parameter = {"name": "near", "in": "query", "required": True, "schema": schema}
    document = {"info": {"title": "x"}, "paths": {"/a": {"get": {"parameters": [parameter], "responses": {}}}}}
    assert shown in Seen(page_of(document)).text


def test_a_schema_that_contains_itself_ends():
    """It links to itself on the page, and its example stops somewhere."""
    nest = {"type": "object", "required": ["inner"], "properties": {"inner": {"$ref": "#/components/schemas/Nest"}}}
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Nest"}}}}
    document = {
        "info": {"title": "Nests"},
        "paths": {"/nests": {"put": {"requestBody": body, "responses": {}}}},
        "components": {"schemas": {"Nest": nest}},
    }
    assert "curl -X PUT" in Seen(page_of(document)).text


def test_an_empty_document_is_a_page_too():
    """A platform without any plugin has something to show."""
    assert Seen(page_of({"info": {"title": "Empty", "version": "0"}, "paths": {}})).text.endswith("OpenAPI document")


@pytest.mark.parametrize(
    ("base_path", "expected"),
    [
        ("", {"/schema", "/schema/places", "/schema/openapi.json"}),
        ("/edge/", {"/edge/schema", "/edge/schema/places", "/edge/schema/openapi.json"}),
    ],
    ids=["at the root", "under a prefix"],
)
def test_pages_lead_to_each_other(base_path, expected):
    """Also where a proxy puts the platform under a path; the page that one is on says so."""
    seen = Seen(Reference({"": DOCUMENT, "places": DOCUMENT}, base_path).page().body.decode())
    assert {address for address in seen.values("href") if not address.startswith("#")} == expected
    assert seen.values("aria-current") == ["page"]


@pytest.mark.parametrize("path", DOCUMENTS)
async def test_the_document_itself_is_served(client, path):
    """Byte for byte what was given, for generators of clients."""
    answer = await client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == DOCUMENT


@pytest.mark.parametrize("path", [*PAGES, *DOCUMENTS])
async def test_what_has_not_changed_is_not_sent_again(client, path):
    """A tag for those who ask again, compression for those who take it, a head for those who want no more."""
    first = await client.get(path)
    again = await client.get(path, headers={"if-none-match": first.headers["etag"]})
    head = await client.head(path)
    assert first.headers["content-encoding"] == "gzip"
    assert first.headers["cache-control"] == "no-cache"
    assert (again.status_code, again.content) == (304, b"")
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", first.headers["etag"])


@pytest.mark.parametrize(
    "path", ["/schema/unknown", "/schema/unknown/openapi.json", "/errors/unknown", "/errors/__class__"]
)
async def test_what_is_not_there_is_not_found(client, path):
    """As a problem, like everywhere."""
    answer = await client.get(path)
    assert (answer.status_code, answer.json()["error_code"]) == (404, "not_found")


@pytest.mark.parametrize("code", KINDS)
async def test_every_problem_has_a_page_of_its_own(client, code):
    """It says what the code means and what to do, at the address that a problem's `type` names."""
    text = Seen((await client.get(f"/errors/{code}")).text).text
    meaning, advice = ADVICE[code]
    assert f"Problem {KINDS[code].status}" in text
    assert "What it means" in text
    assert all(sentence.split("`")[0] in text for sentence in (meaning, advice))


def test_nothing_is_explained_that_no_problem_is_called():
    """The codes and their explanations are the same list."""
    assert ADVICE.keys() == KINDS.keys()


def test_the_document_tells_of_itself_but_not_of_pages():
    """Pages are for people; generated clients need none of them."""
    app = Litestar(reference_routes(Reference({})), openapi_config=OpenAPIConfig("Edge", "1", path="/elsewhere"))
    assert set(app.openapi_schema.to_schema()["paths"]) == {"/schema/openapi.json", "/schema/{slug}/openapi.json"}
