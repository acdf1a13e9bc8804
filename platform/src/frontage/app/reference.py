"""The reference under `/schema`, and a page for every problem code under `/errors`: rendered once, sent as they are."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from litestar import Request, Response
from litestar.datastructures import ResponseHeader
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter

from frontage.app.reference_html import CONTENT_POLICY, page, prose, rows
from frontage.app.reference_page import Link, render_document
from frontage.edge.gate import not_found
from frontage.edge.html import Html, el, join
from frontage.edge.problems import KINDS, Problem
from frontage.edge.sources import Nobody
from frontage.host.assets import Rendered
from frontage.plugin.routes import get

WHOLE = ""
"""The key of the document of the whole platform."""
_REVALIDATE = "no-cache"
_HTML_HEADERS = {"Content-Security-Policy": CONTENT_POLICY}

ADVICE = {
    "bad_request": (
        "The request could not be read: its body is no JSON document, or it names a host that is not served here.",
        "Send a JSON object in UTF-8. Sending the same bytes again will fail again.",
    ),
    "unauthorized": (
        "No valid API key came with the request. An unknown, a revoked and an expired key are answered alike.",
        "Send the whole key, all 45 characters, in the header `X-API-Key`; if it was revoked, ask for a new one.",
    ),
    "forbidden": (
        "The key is valid but may not do this: it lacks a scope, is of the wrong kind, or excludes the page's origin.",
        "Read `detail`, which names the reason. A secret key that was sent by a browser is public now: revoke it.",
    ),
    "not_found": (
        "There is nothing here for this tenant: the address is wrong, the thing is gone, or the plugin is off.",
        "Check the address against the reference, and the id against the one that you were given.",
    ),
    "method_not_allowed": (
        "The address exists, but not for this method.",
        "Use one of the methods in the header `Allow`.",
    ),
    "conflict": (
        "The request contradicts what is stored, such as a name that is taken or a quota that is used up.",
        "Read `detail`, fetch the current state, and decide again.",
    ),
    "gone": (
        "What was here has been removed for good.",
        "Stop asking for it.",
    ),
    "precondition_failed": (
        "What you are changing has changed since you read it.",
        "Read it again, apply your change to what is there now, and send it with the new `ETag`.",
    ),
    "payload_too_large": (
        "The body is larger than the route takes.",
        "Send less at a time.",
    ),
    "unsupported_media_type": (
        "The body is compressed, which no route takes.",
        "Send it without `Content-Encoding`.",
    ),
    "validation_error": (
        "The request was read, but a part of it is missing or not allowed.",
        "`errors` lists the wrong fields with what was expected of them; `body` stands for the whole. Mend them.",
    ),
    "rate_limited": (
        "More requests came than the limits of this key, tenant or visitor admit.",
        "Wait for `Retry-After` seconds, then try again. The `RateLimit` headers of every answer tell what is left.",
    ),
    "internal_error": (
        "Something went wrong on this side; it is logged under the request's id.",
        "Try again with growing pauses. If it stays, report the `X-Request-Id` of the answer.",
    ),
    "unavailable": (
        "The service, or the plugin behind this address, cannot answer right now.",
        "Wait for `Retry-After` seconds, or a few where there is none, and try again.",
    ),
}
"""What every problem code means, and what its receiver should do."""


class Reference:
    """The documents, that of the whole platform under "" and plugins' by slug, with their pages.

    `base_path` is the path of the public URL, which links begin with.
    """

    def __init__(self, documents: Mapping[str, Mapping[str, Any]], base_path: str = "") -> None:
        self._root = base_path.rstrip("/")
        self._errors = {code: _html(self._explain(code)) for code in KINDS}
        self._documents = {
            slug: Rendered.of(msgspec.json.encode(document), "application/json", _REVALIDATE)
            for slug, document in documents.items()
        }
        self._pages = {
            slug: _html(render_document(document, f"{self._address(slug)}/openapi.json", self._links(documents, slug)))
            for slug, document in documents.items()
        }

    def document(self, slug: str = WHOLE) -> Rendered:
        """A document as JSON."""
        return _find(self._documents, slug)

    def page(self, slug: str = WHOLE) -> Rendered:
        """The page of a document."""
        return _find(self._pages, slug)

    def explanation(self, code: str) -> Rendered:
        """The page of a problem code."""
        return _find(self._errors, code)

    def _address(self, slug: str) -> str:
        return f"{self._root}/schema/{slug}" if slug else f"{self._root}/schema"

    def _links(self, documents: Mapping[str, Mapping[str, Any]], here: str) -> list[Link]:
        slugs = sorted(documents) if len(documents) > 1 else []
        return [Link(self._address(slug), slug or "Everything", here=slug == here) for slug in slugs]

    def _explain(self, code: str) -> str:
        kind = KINDS[code]
        meaning, advice = ADVICE[code]
        again = "true: trying again may help" if kind.retryable else "false: sending the same again will not help"
        facts = rows(
            [(_code("error_code"), _code(code)), (_code("status"), str(kind.status)), (_code("retryable"), again)]
        )
        reference = el("p", el("a", "The reference of all routes", href=self._address(WHOLE)))
        top = el("header", el("h1", kind.title), el("p", f"Problem {kind.status}", class_="soft"), class_="top")
        told = join(
            [
                el("h2", "What it means"),
                prose(meaning),
                el("h2", "What to do"),
                prose(advice),
                el("h2", "In the answer"),
            ]
        )
        return page(f"{kind.title} · {code}", top, el("main", told, facts, reference, id="content", tabindex="-1"))


def _code(text: str) -> Html:
    return el("code", text)


def _html(text: str) -> Rendered:
    return Rendered.of(text.encode(), "text/html", _REVALIDATE, _HTML_HEADERS)


def _find(rendered: Mapping[str, Rendered], name: str) -> Rendered:
    if name not in rendered:
        raise Problem("not_found")
    return rendered[name]


_Slug = Annotated[str, PathParameter(description="The slug of a plugin.")]
_Code = Annotated[str, PathParameter(description="A problem's `error_code`.")]
_Asked = Request[Any, Any, Any]

_OPEN: dict[str, Any] = {"tenant": Nobody(), "limit": (), "off": not_found}
_PAGE = {**_OPEN, "include_in_schema": False, "media_type": "text/html"}
_DOCUMENT = {
    **_OPEN,
    "tags": ["Reference"],
    "response_description": "An OpenAPI 3.1 document.",
    "response_headers": [ResponseHeader("ETag", value="", description="Changes with it.", documentation_only=True)],
    "responses": {304: ResponseSpec(None, description="It is still what `If-None-Match` named.")},
}


class _Pages:
    """The handlers over a reference."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference

    async def get_platform_page(self, request: _Asked) -> Response[bytes]:
        """Everything on one page."""
        return self._reference.page().answer(request.headers)

    async def get_plugin_page(self, request: _Asked, slug: _Slug) -> Response[bytes]:
        """One plugin's page."""
        return self._reference.page(slug).answer(request.headers)

    async def get_openapi_document(self, request: _Asked) -> Response[dict[str, Any]]:
        """The document of the whole platform."""
        return self._reference.document().answer(request.headers)

    async def get_plugin_openapi_document(self, request: _Asked, slug: _Slug) -> Response[dict[str, Any]]:
        """The document of one plugin alone, with names that no other plugin changes."""
        return self._reference.document(slug).answer(request.headers)

    async def get_error_page(self, request: _Asked, code: _Code) -> Response[bytes]:
        """What a problem code means."""
        return self._reference.explanation(code).answer(request.headers)


def reference_routes(reference: Reference) -> list[HTTPRouteHandler]:
    """The routes under `/schema` and `/errors`."""
    pages = _Pages(reference)
    return [
        get("/schema", **_PAGE)(pages.get_platform_page),
        get("/schema/openapi.json", summary="The OpenAPI document", **_DOCUMENT)(pages.get_openapi_document),
        get("/schema/{slug:str}", **_PAGE)(pages.get_plugin_page),
        get("/schema/{slug:str}/openapi.json", summary="A plugin's OpenAPI document", **_DOCUMENT)(
            pages.get_plugin_openapi_document
        ),
        get("/errors/{code:str}", **_PAGE)(pages.get_error_page),
    ]
