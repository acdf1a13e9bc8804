"""The reference as a page: the operations of an OpenAPI document by tag, then the schemas that they refer to."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from frontage.app.reference_curl import Schema, address_of, curl, example_of
from frontage.app.reference_html import anchor, listing, page, prose, rows, titled, with_code
from frontage.edge.html import Html, el, join

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
DEEPEST = 5
"""Levels of a schema that are shown in place; the document itself tells the rest."""

_SOURCES = {
    "public": "Nobody is asked for: this route serves everyone alike.",
    "key": "The key in `X-API-Key`, of either kind, says whose request it is.",
    "secret-key": "The secret key in `X-API-Key` says whose request it is; only servers may send it.",
    "publishable-key": "The publishable key in `X-API-Key`, or in `?key=`, says whose request it is.",
    "token": "The publishable key that is sent as the token says whose request it is.",
    "body": "The body names the tenant.",
    "path": "The path names the tenant.",
}
_SCOPE_WORDS = {
    "scope": "The key needs the scope `{}`.",
    "secret_scope": "A server may send a secret key with the scope `{}` instead.",
    "member": "It stands in the member `{}`.",
    "part": "It stands at `{{{}}}`.",
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
    "pattern": "matching `{}`",
    "default": "default `{}`",
}


_JOINED = {"anyOf": " or ", "oneOf": " or ", "allOf": " and "}


@dataclass(frozen=True, slots=True)
class Link:
    """A document to go to, and whether it is this one."""

    address: str
    words: str
    here: bool = False


@dataclass(frozen=True, slots=True)
class _Operation:
    method: str
    path: str
    words: Mapping[str, Any]
    parameters: list[Any]

    @property
    def id(self) -> str:
        return anchor("operation", self.words.get("operationId") or f"{self.method} {self.path}")

    @property
    def tag(self) -> str:
        return next(iter(self.words.get("tags", ())), "Other")

    @property
    def summary(self) -> str:
        return self.words.get("summary") or self.path

    @property
    def scope(self) -> Mapping[str, Any]:
        return self.words.get("x-tenant-scope") or {}


def render_document(document: Mapping[str, Any], source: str, others: Iterable[Link] = ()) -> str:
    """The page of a document; `source` is the address of the document itself."""
    return _Renderer(document).render(source, list(others))


class _Renderer:
    """Renders one document, to whose components its parts refer."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._info: Mapping[str, Any] = document.get("info", {})
        self._schemas: Mapping[str, Schema] = document.get("components", {}).get("schemas", {})
        self._server = next((str(one["url"]) for one in document.get("servers", ())), "").rstrip("/")

    def render(self, source: str, others: list[Link]) -> str:
        groups = self._groups()
        sections = [self._group(tag, operations) for tag, operations in groups.items()]
        main = el("main", *sections, self._schema_section(), id="content", tabindex="-1")
        columns = el("div", _contents(groups, self._schemas), main, class_="columns")
        return page(self._info.get("title", "Reference"), self._top(source, others), columns)

    def _groups(self) -> dict[str, list[_Operation]]:
        groups: dict[str, list[_Operation]] = {}
        for operation in self._operations():
            groups.setdefault(operation.tag, []).append(operation)
        return dict(sorted(groups.items()))

    def _operations(self) -> Iterator[_Operation]:
        for path, item in self._document.get("paths", {}).items():
            for method in METHODS:
                if method in item:
                    words = item[method]
                    parameters = [*item.get("parameters", ()), *words.get("parameters", ())]
                    yield _Operation(method, path, words, [self._resolve(one) for one in parameters])

    def _top(self, source: str, others: list[Link]) -> Html:
        document = el("a", "OpenAPI document", href=source)
        version = el("p", f"Version {self._info.get('version', '?')} · ", document, class_="soft")
        links = el("ul", *[el("li", _link(other)) for other in others], class_="others")
        nav = el("nav", links, aria_label="Documents") if others else ""
        title = el("h1", self._info.get("title", "Reference"))
        return el("header", title, version, prose(self._info.get("description")), nav, class_="top")

    def _group(self, tag: str, operations: list[_Operation]) -> Html:
        told = next((one.get("description") for one in self._document.get("tags", ()) if one["name"] == tag), None)
        return el("section", el("h2", tag), prose(told), *map(self._operation, operations), id=anchor("tag", tag))

    def _operation(self, operation: _Operation) -> Html:
        words = operation.words
        parts = [
            el("h3", operation.summary),
            el("p", _badge(operation.method), el("code", operation.path), class_="route"),
            el("p", "Deprecated: build nothing new on it.", class_="must") if words.get("deprecated") else "",
            prose(words.get("description")),
            _tenant(operation.scope),
            self._parameters(operation),
            self._body(words.get("requestBody")),
            titled("Example", listing(self._example(operation), f"Example of {operation.summary}")),
            titled("Responses", *[self._response(*one) for one in sorted(words.get("responses", {}).items())]),
        ]
        return el("article", *parts, id=operation.id, class_="card")

    def _parameters(self, operation: _Operation) -> Html:
        pairs = [self._parameter(one) for one in operation.parameters]
        return titled("Parameters", rows(pairs)) if pairs else Html()

    def _parameter(self, one: Schema) -> tuple[Html, Html]:
        place = el("p", f"in {one['in']}", class_="note")
        # Generators often say the same of a parameter and of its schema.
        schema = {key: value for key, value in one.get("schema", {}).items() if key != "description"}
        return join([_name(one["name"], one.get("required")), place]), self._told(one, schema)

    def _told(self, one: Schema, schema: Any) -> Html:
        return join([self._shape(schema), prose(one.get("description"))])

    def _body(self, body: Any) -> Html:
        if not body:
            return Html()
        body = self._resolve(body)
        return titled("Request body", prose(body.get("description")), self._content(body))

    def _content(self, one: Schema) -> Html:
        content: Mapping[str, Any] = one.get("content") or {}
        return join(
            join([el("p", el("code", media_type), class_="note"), self._shape(told.get("schema", {}))])
            for media_type, told in content.items()
        )

    def _response(self, status: str, response: Any) -> Html:
        response = self._resolve(response)
        kind = "ok" if status.startswith("2") else "bad" if status[:1] in "45" else "soft"
        line = join([el("b", status, class_=kind), with_code(response.get("description", ""))])
        headers = {name: self._resolve(one) for name, one in response.get("headers", {}).items()}
        told = rows((_name(name), self._told(one, one.get("schema", {}))) for name, one in headers.items())
        inside = join([self._content(response), el("details", el("summary", "Headers"), told) if told else ""])
        if not inside:
            return el("p", line, class_="answer")
        return el("details", el("summary", line), inside, **({"open": ""} if kind == "ok" else {}))

    def _schema_section(self) -> Html:
        cards = [
            el("article", el("h3", el("code", name)), self._shape(schema), id=anchor("schema", name), class_="card")
            for name, schema in self._schemas.items()
        ]
        return el("section", el("h2", "Schemas"), *cards, id="schemas") if cards else Html()

    def _shape(self, schema: Any, depth: int = 0) -> Html:
        """What a schema allows: its type and bounds in a line, what it says of itself, its members."""
        if not isinstance(schema, Mapping):
            return el("p", _type(schema), class_="note")
        line = el("p", join([_type(schema), *_bounds(schema)], ", "), class_="note")
        return join([line, prose(schema.get("description")), self._members(schema, depth)])

    def _members(self, schema: Any, depth: int) -> Html:
        if not isinstance(schema, Mapping) or "$ref" in schema or depth >= DEEPEST:
            return Html()
        inner = [one for key in ("allOf", "anyOf", "oneOf") for one in schema.get(key, ())]
        inner += [schema[key] for key in ("items", "additionalProperties") if key in schema]
        required = set(schema.get("required", ()))
        pairs = [
            (_name(name, name in required), self._shape(one, depth + 1))
            for name, one in schema.get("properties", {}).items()
        ]
        return join([rows(pairs), *[self._members(one, depth) for one in inner]])

    def _resolve(self, node: Any) -> Schema:
        """A parameter, header, body or response, wherever it is written."""
        for _ in range(DEEPEST):
            found: Any = self._document
            for step in str(node.get("$ref", "")).removeprefix("#/").split("/"):
                found = found.get(step, {}) if step else node
            node = found
        resolved: Schema = node
        return resolved

    def _example(self, operation: _Operation) -> str:
        values: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "header": {}, "cookie": {}}
        for one in operation.parameters:
            if one.get("required"):
                values[one["in"]][one["name"]] = example_of(one.get("schema"), self._schemas, one["name"])
        body = self._resolve(operation.words.get("requestBody") or {}).get("content", {})
        schema = body.get("application/json", {}).get("schema")
        address = address_of(self._server, operation.path, values["path"], values["query"])
        headers = [(name, str(value)) for name, value in values["header"].items()]
        sent = None if schema is None else example_of(schema, self._schemas)
        source = str(operation.scope.get("source", ""))
        return curl(operation.method, address, source=source, headers=headers, body=sent)


def _contents(groups: Mapping[str, list[_Operation]], schemas: Mapping[str, Any]) -> Html:
    lines = [
        el("li", el("a", tag, href=f"#{anchor('tag', tag)}"), el("ul", *map(_entry, operations)))
        for tag, operations in groups.items()
    ]
    if schemas:
        names = [el("li", el("a", name, href=f"#{anchor('schema', name)}")) for name in schemas]
        lines.append(el("li", el("a", "Schemas", href="#schemas"), el("ul", *names)))
    return el("nav", el("ul", *lines), class_="contents", aria_label="Contents")


def _entry(operation: _Operation) -> Html:
    return el("li", el("a", _badge(operation.method), " ", operation.summary, href=f"#{operation.id}"))


def _link(link: Link) -> Html:
    here = {"aria_current": "page"} if link.here else {}
    return el("a", link.words, href=link.address, **here)


def _badge(method: str) -> Html:
    return el("span", method.upper(), class_=f"method {method}")


def _name(name: str, required: object = False) -> Html:
    return join([el("code", name), el("p", "required", class_="must") if required else ""])


def _tenant(scope: Mapping[str, Any]) -> Html:
    if not scope:
        return Html()
    source = str(scope.get("source", "unknown"))
    told = [_SOURCES.get(source, f"Tenant from: {source}.")]
    told += [words.format(scope[key]) for key, words in _SCOPE_WORDS.items() if key in scope]
    others = {key: value for key, value in scope.items() if key not in {"source", *_SCOPE_WORDS}}
    told += [f"{key}: `{_json(value)}`." for key, value in others.items()]
    return el("div", el("h4", "Tenant"), el("p", with_code(" ".join(told))), class_="tenant")


def _type(schema: Any) -> Html:
    if not isinstance(schema, Mapping):
        return join(["nothing" if schema is False else "anything"])
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return el("a", name, href=f"#{anchor('schema', name)}")
    if joined := [(key, word) for key, word in _JOINED.items() if schema.get(key)]:
        key, word = joined[0]
        return join([_type(one) for one in schema[key]], word)
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return join([el("code", _json(value)) for value in values], " or ")
    return _plain_type(schema)


def _plain_type(schema: Schema) -> Html:
    if "items" in schema:
        return join(["list of ", _type(schema["items"])])
    if "additionalProperties" in schema and "properties" not in schema:
        return join(["object whose members are ", _type(schema["additionalProperties"])])
    named = schema.get("type", "anything")
    words = " or ".join(named) if isinstance(named, list) else str(named)
    return join([f"{words} ({schema['format']})" if "format" in schema else words])


def _bounds(schema: Schema) -> list[Html]:
    told = [(words, schema[key]) for key, words in _BOUNDS.items() if key in schema]
    return [with_code(words.format(_bound(value))) for words, value in told]


def _bound(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # generators write 1.0 where 1 was said
    return value if isinstance(value, str) else _json(value)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
