"""The reference as a page: an OpenAPI document becomes HTML that loads nothing, runs nothing and reads well anywhere.

Elements escape whatever is put into them unless it is an element itself, so that no text of a document can act.
"""

import json
import re
import shlex
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from typing import Any
from urllib.parse import quote

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
DEEPEST = 5
"""Levels of a schema that are shown in place; deeper ones are left to the document itself."""

STYLE = """
:root{color-scheme:light dark;--ink:#1b2430;--soft:#566275;--line:#dce2ea;--paper:#fff;--tint:#f5f7fa;--link:#0b5cad;
--get:#0a6b52;--post:#0b5cad;--put:#8a4b00;--patch:#7a3fa0;--delete:#b3261e;--code:#eef1f5}
@media (prefers-color-scheme:dark){:root{--ink:#e4e9f0;--soft:#a3afbf;--line:#2e3947;--paper:#12181f;--tint:#19212b;
--link:#7db8f5;--get:#5fd0ad;--post:#7db8f5;--put:#f0b264;--patch:#cfa3ee;--delete:#f59a92;--code:#202a35}}
*{box-sizing:border-box}
html{scroll-padding-top:1rem}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif;
overflow-wrap:anywhere}
a{color:var(--link);text-underline-offset:.15em}
:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:3px}
code,pre{font:.86em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
code{background:var(--code);padding:.1em .35em;border-radius:4px}
pre{background:var(--code);padding:.8rem 1rem;border-radius:8px;overflow-x:auto;overflow-wrap:normal;margin:.4rem 0 1rem}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 .3rem;letter-spacing:-.01em}
h2{font-size:1.35rem;margin:3rem 0 1rem;padding-bottom:.4rem;border-bottom:1px solid var(--line)}
h3{font-size:1.08rem;margin:0 0 .6rem}
h4{font-size:.8rem;margin:1.3rem 0 .4rem;color:var(--soft);text-transform:uppercase;letter-spacing:.06em}
p{margin:.4rem 0;max-width:70ch}
.skip{position:absolute;left:-99em}
.skip:focus{left:1rem;top:1rem;background:var(--paper);padding:.5rem 1rem;z-index:2}
.frame{max-width:78rem;margin:auto;padding:0 1rem 5rem}
.top{padding:2rem 0 1.2rem;border-bottom:1px solid var(--line)}
.soft{color:var(--soft)}
.others{display:flex;flex-wrap:wrap;gap:.4rem 1.1rem;list-style:none;padding:0;margin:.9rem 0 0}
.others [aria-current]{color:inherit;font-weight:600;text-decoration:none}
.contents{padding:1rem 0;font-size:.9rem}
.contents ul{list-style:none;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:.3rem 1rem}
.contents ul ul{display:none}
.contents li>a{text-decoration:none}
.contents li>a:hover{text-decoration:underline}
.card{border:1px solid var(--line);border-radius:10px;padding:1.1rem;margin:0 0 1.3rem;background:var(--paper)}
.card:target{border-color:var(--link);box-shadow:0 0 0 1px var(--link)}
.route{display:flex;flex-wrap:wrap;gap:.3rem .7rem;align-items:baseline;margin:0 0 .8rem}
.route code{background:none;padding:0;font-size:.95rem}
.method{font:600 .8rem/1.5 ui-monospace,Menlo,Consolas,monospace;color:var(--soft);border:1px solid;border-radius:5px;
padding:.05rem .45rem}
.get{color:var(--get)}.post{color:var(--post)}.put{color:var(--put)}.patch{color:var(--patch)}.delete{color:var(--delete)}
.tenant{border-left:3px solid var(--line);padding:.15rem 0 .15rem .8rem;margin:.8rem 0}
table{border-collapse:collapse;width:100%;margin:.2rem 0 .8rem;font-size:.92rem}
th,td{text-align:left;vertical-align:top;padding:.45rem .8rem .45rem 0;border-top:1px solid var(--line);font-weight:400}
tr:first-child>th,tr:first-child>td{border-top:0}
th{width:34%;min-width:7rem}
td>:first-child,td>p:first-child{margin-top:0}
td table{background:var(--tint);font-size:1em}
td table th,td table td{padding-left:.6rem}
.must{color:var(--delete);font-size:.78rem;white-space:nowrap}
.note{color:var(--soft);font-size:.87rem;margin:.15rem 0}
details{border-top:1px solid var(--line);padding:.45rem 0}
details[open]{padding-bottom:.8rem}
summary{cursor:pointer}
summary b{font-variant-numeric:tabular-nums;margin-right:.4rem}
.ok{color:var(--get)}.bad{color:var(--delete)}
@media (min-width:62rem){.columns{display:grid;grid-template-columns:17rem minmax(0,1fr);gap:3rem}
.contents{position:sticky;top:0;max-height:100vh;overflow-y:auto;align-self:start;padding:1.6rem .4rem 2rem 0}
.contents ul{display:block}.contents ul ul{display:block;margin:.2rem 0 .9rem}
.contents li{padding:.14rem 0}.contents>ul>li>a{font-weight:600;color:inherit}.card{padding:1.4rem 1.6rem}}
@media (prefers-contrast:more){:root{--soft:var(--ink);--line:var(--ink)}}
@media print{.contents,.skip{display:none}.card{break-inside:avoid;border-color:#999}}
"""
_STYLE_HASH = b64encode(sha256(STYLE.encode()).digest()).decode()
CONTENT_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_CODE_SPAN = re.compile(r"`([^`\n]+)`")
_NOT_IN_ID = re.compile(r"[^A-Za-z0-9_.-]+")
_SECRET_KEY = '"X-API-Key: $SECRET_KEY"'
_PUBLISHABLE_KEY = '"X-API-Key: $PUBLISHABLE_KEY"'
_KEY_HEADERS = {
    "key": _PUBLISHABLE_KEY,
    "publishable-key": _PUBLISHABLE_KEY,
    "secret-key": _SECRET_KEY,
    "token": _PUBLISHABLE_KEY,
}
_SOURCES = {
    "public": "None: this route serves everyone alike.",
    "key": "The one whose key, of either kind, stands in `X-API-Key`.",
    "secret-key": "The one whose secret key stands in `X-API-Key`, sent by a server.",
    "publishable-key": "The one whose publishable key stands in `X-API-Key` or in `?key=`.",
    "token": "The one whose publishable key is sent as the token.",
    "body": "The one that the body names.",
}
_SOURCE_DETAILS = {
    "scope": "The key needs the scope `{}`.",
    "secret_scope": "A server may send a secret key with the scope `{}` instead.",
    "member": "It stands in the member `{}`.",
}
_BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "multipleOf": "a multiple of {}",
    "pattern": "matches `{}`",
    "default": "default `{}`",
}

Schema = Mapping[str, Any]


class Html(str):
    """Text that is HTML already; any other text is escaped where it is put into an element."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Link:
    """A place to go to, and whether that is here."""

    address: str
    words: str
    here: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    words: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Its anchor on the page."""
        return anchor("operation", self.words.get("operationId") or f"{self.method} {self.path}")

    @property
    def tag(self) -> str:
        """The group that it is shown in."""
        tags = self.words.get("tags") or ["Other"]
        return str(tags[0])

    @property
    def scope(self) -> Mapping[str, Any]:
        """How its tenant is found."""
        scope: Mapping[str, Any] = self.words.get("x-tenant-scope") or {}
        return scope


def el(name: str, *inside: str, **attributes: str) -> Html:
    """An element; a trailing underscore lets `class_` be an attribute, other underscores become hyphens."""
    told = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(text)}"' for key, text in attributes.items())
    return Html(f"<{name}{told}>{join(inside)}</{name}>")


def join(parts: Iterable[str]) -> Html:
    """Parts in a row, each escaped unless it is HTML."""
    return Html("".join(part if isinstance(part, Html) else escape(str(part)) for part in parts))


def anchor(kind: str, name: str) -> str:
    """The id of a place on the page."""
    return f"{kind}-{_NOT_IN_ID.sub('-', name).strip('-')}"


def prose(text: str | None) -> Html:
    """Paragraphs of a description, with its `code`."""
    paragraphs = [" ".join(lines.split()) for lines in re.split(r"\n\s*\n", text or "")]
    return join(el("p", _with_code(paragraph)) for paragraph in paragraphs if paragraph)


def _with_code(text: str) -> Html:
    parts = _CODE_SPAN.split(text)
    return join(el("code", part) if place % 2 else part for place, part in enumerate(parts))


def page(title: str, *inside: str) -> str:
    """A whole page around its content."""
    head = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
    )
    skip = el("a", "Skip to the content", href="#content", class_="skip")
    body = el("body", skip, el("div", *inside, class_="frame"))
    return f"{head}{el('title', title)}{el('style', Html(STYLE))}</head>{body}</html>"


def render_document(document: Mapping[str, Any], source: str, others: Iterable[Link] = ()) -> str:
    """The page of a document; `source` is where the document itself is found."""
    return _DocumentPage(document).render(source, list(others))


class _DocumentPage:
    """Renders one document, whose components its parts refer to."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._schemas: Mapping[str, Schema] = document.get("components", {}).get("schemas", {})
        self._examples = _Examples(self._schemas)
        servers = document.get("servers") or [{}]
        address = str(servers[0].get("url", "")).rstrip("/")
        self._server = address if "://" in address else f"$BASE_URL{address}"

    def render(self, source: str, others: list[Link]) -> str:
        groups = self._groups()
        title = str(self._document.get("info", {}).get("title", "Reference"))
        sections = [self._group(tag, operations) for tag, operations in groups.items()]
        main = el("main", *sections, self._schema_section(), id="content", tabindex="-1")
        columns = el("div", _contents(groups, bool(self._schemas)), main, class_="columns")
        return page(title, self._top(title, source, others), columns)

    def _groups(self) -> dict[str, list[Operation]]:
        groups: dict[str, list[Operation]] = {}
        for operation in self._operations():
            groups.setdefault(operation.tag, []).append(operation)
        return dict(sorted(groups.items()))

    def _operations(self) -> Iterator[Operation]:
        for path, item in self._document.get("paths", {}).items():
            shared = item.get("parameters", [])
            for method in METHODS:
                if method in item:
                    words = {**item[method], "parameters": [*shared, *item[method].get("parameters", [])]}
                    yield Operation(method, path, words)

    def _top(self, title: str, source: str, others: list[Link]) -> Html:
        info = self._document.get("info", {})
        links = [el("li", _link(other)) for other in others]
        version = el("p", f"Version {info.get('version', '?')} · ", el("a", "OpenAPI 3.1 document", href=source), class_="soft")
        nav = el("nav", el("ul", *links, class_="others"), aria_label="Documents") if links else ""
        return el("header", el("h1", title), version, prose(info.get("description")), nav, class_="top")

    def _group(self, tag: str, operations: list[Operation]) -> Html:
        told = next((one.get("description") for one in self._document.get("tags", ()) if one.get("name") == tag), None)
        return el("section", el("h2", tag), prose(told), *map(self._operation, operations), id=anchor("tag", tag))

    def _operation(self, operation: Operation) -> Html:
        words = operation.words
        summary = str(words.get("summary") or operation.path)
        route = el("p", _badge(operation.method), el("code", operation.path), class_="route")
        deprecated = el("p", "Deprecated: do not build on it.", class_="must") if words.get("deprecated") else ""
        parts = [route, deprecated, prose(words.get("description")), _tenant(operation.scope)]
        parts += [self._parameters(words["parameters"]), self._body(words.get("requestBody"))]
        parts += [_titled("Example", _block(self._curl(operation), "An example with curl"))]
        parts += [_titled("Responses", self._responses(words.get("responses", {})))]
        return el("article", el("h3", summary), *parts, id=operation.id, class_="card")

    def _parameters(self, parameters: list[Any]) -> Html:
        rows = [self._parameter(self._resolve(one)) for one in parameters]
        return _titled("Parameters", _rows(rows)) if rows else Html()

    def _parameter(self, one: Schema) -> tuple[Html, Html]:
        schema = one.get("schema", {})
        name = join([el("code", one["name"]), " ", _must(one.get("required", False))])
        place = el("p", f"in {one['in']}", class_="note")
        # Generators often tell the same twice, of the parameter and of its schema.
        schema = {key: value for key, value in schema.items() if key != "description"}
        return join([name, place]), join([prose(one.get("description")), self._shape(schema)])

    def _body(self, body: Any) -> Html:
        if not body:
            return Html()
        body = self._resolve(body)
        return _titled("Request body", join([prose(body.get("description")), self._content(body.get("content", {}))]))

    def _content(self, content: Mapping[str, Any]) -> Html:
        return join(
            join([el("p", el("code", media_type), class_="note"), self._shape(one.get("schema", {}))])
            for media_type, one in content.items()
        )

    def _responses(self, responses: Mapping[str, Any]) -> Html:
        return join(self._response(status, self._resolve(one)) for status, one in sorted(responses.items()))

    def _response(self, status: str, response: Schema) -> Html:
        succeeds = status.startswith("2")
        label = el("b", status, class_="ok" if succeeds else "bad" if status[:1] in "45" else "soft")
        headers = [self._header(name, self._resolve(one)) for name, one in response.get("headers", {}).items()]
        inside = [self._content(response.get("content") or {})]
        inside += [el("p", "Headers", class_="note"), _rows(headers)] if headers else []
        summary = el("summary", label, _with_code(str(response.get("description", ""))))
        return el("details", summary, *inside, **({"open": ""} if succeeds else {}))

    def _header(self, name: str, header: Schema) -> tuple[Html, Html]:
        return el("code", name), join([prose(header.get("description")), self._shape(header.get("schema", {}))])

    def _schema_section(self) -> Html:
        cards = [
            el("article", el("h3", el("code", name)), self._shape(schema), id=anchor("schema", name), class_="card")
            for name, schema in self._schemas.items()
        ]
        return el("section", el("h2", "Schemas"), *cards, id="schemas") if cards else Html()

    def _shape(self, schema: Any, depth: int = 0) -> Html:
        """What a schema allows: its type in a line, what it says of itself, and its members."""
        if not isinstance(schema, Mapping):
            return el("p", "anything" if schema else "nothing", class_="note")
        line = el("p", join([self._type(schema), *_bounds(schema)]), class_="note")
        return join([line, prose(schema.get("description")), self._members(schema, depth)])

    def _members(self, schema: Schema, depth: int) -> Html:
        inner = schema.get("items")
        if isinstance(inner, Mapping) and "$ref" not in inner:
            return self._members(inner, depth)
        if depth >= DEEPEST:
            return Html()
        parts = [self._members(one, depth) for key in ("allOf", "anyOf", "oneOf") for one in schema.get(key, ())]
        required = set(schema.get("required", ()))
        rows = [
            (join([el("code", name), " ", _must(name in required)]), self._shape(one, depth + 1))
            for name, one in schema.get("properties", {}).items()
        ]
        return join([*parts, _rows(rows)])

    def _type(self, schema: Any) -> Html:
        if not isinstance(schema, Mapping):
            return join(["anything" if schema else "nothing"])
        if "$ref" in schema:
            name = str(schema["$ref"]).rpartition("/")[2]
            return el("a", name, href=f"#{anchor('schema', name)}")
        for key, word in (("anyOf", " or "), ("oneOf", " or "), ("allOf", " and ")):
            if schema.get(key):
                return _listed([self._type(one) for one in schema[key]], word)
        if "enum" in schema or "const" in schema:
            values = schema["enum"] if "enum" in schema else [schema["const"]]
            return _listed([el("code", _json(value)) for value in values], " or ")
        if "items" in schema:
            return join(["list of ", self._type(schema["items"])])
        named = schema.get("type", "anything")
        words = " or ".join(named) if isinstance(named, list) else str(named)
        return join([f"{words} ({schema['format']})" if "format" in schema else words])

    def _resolve(self, node: Any) -> Schema:
        """A parameter, header, body or response, wherever it is written."""
        for _ in range(DEEPEST):
            if "$ref" not in node:
                break
            found: Any = self._document
            for step in str(node["$ref"]).removeprefix("#/").split("/"):
                found = found[step]
            node = found
        resolved: Schema = node
        return resolved

    def _curl(self, operation: Operation) -> str:
        parameters = [self._resolve(one) for one in operation.words["parameters"]]
        parts = ["curl", *(["-X", operation.method.upper()] if operation.method not in {"get", "post"} else [])]
        lines = [" ".join([*parts, f'"{self._server}"{shlex.quote(self._address(operation.path, parameters))}'])]
        if key := _KEY_HEADERS.get(str(operation.scope.get("source"))):
            lines.append(f"-H {key}")
        needed = [one for one in parameters if one["in"] == "header" and one.get("required")]
        lines += [f"-H {shlex.quote(f'{one["name"]}: {self._value(one)}')}" for one in needed]
        lines += self._curl_body(operation)
        return " \\\n  ".join(lines)
