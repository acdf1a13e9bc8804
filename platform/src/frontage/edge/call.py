"""A request on its way through the gate: what it says of itself, and what was found out about it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from frontage.base.ids import new_id

if TYPE_CHECKING:
    from litestar.types import HTTPScope

    from frontage.edge.gate import Gate, Gatekeeper
    from frontage.edge.limits import Verdict
    from frontage.tenants.key import Key
    from frontage.tenants.tenant import PrivacySignals, Tenant

SCOPE_KEY = "frontage.call"
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class Call:
    """One request. Tenant, key and verdict appear as the gate lets it through."""

    __slots__ = (
        "_address",
        "_query",
        "_request_id",
        "gate",
        "headers",
        "keeper",
        "key",
        "relayed",
        "scope",
        "tenant",
        "verdict",
    )

    def __init__(self, scope: HTTPScope, keeper: Gatekeeper) -> None:
        self.scope = scope
        self.keeper = keeper
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.gate: Gate | None = None
        self.key: Key | None = None
        self.tenant: Tenant | None = None
        self.verdict: Verdict | None = None
        self.relayed = False
        self._address: str | None = None
        self._query: dict[str, str] | None = None
        self._request_id: str | None = None

    def header(self, name: bytes) -> str | None:
        """A header's text, or None."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters without NUL characters; of one that repeats, the last."""
        if self._query is None:
            text = self.scope["query_string"].decode("latin-1").replace("%00", "")
            self._query = _parameters(text) if text else {}
        return self._query

    @property
    def is_head(self) -> bool:
        """Whether only the head of the answer is wanted: nobody will see it."""
        return self.scope["method"] == "HEAD" or bool(self.scope.get("frontage.head"))

    @property
    def address(self) -> str:
        """The visitor's address, IPv6 as its /64; to be counted by, never to be stored or logged."""
        if self._address is None:
            self._address = self._find_address()
        return self._address

    def _find_address(self) -> str:
        if self.relayed and (told := self.header(b"x-visitor-address")):
            from frontage.edge.address import normalise_visitor_address

            if visitor := normalise_visitor_address(told):
                return visitor
        client = self.scope.get("client")
        forwarded = None
        if b"x-forwarded-for" in self.headers:
            forwarded = [value for name, value in self.scope["headers"] if name == b"x-forwarded-for"]
        return self.keeper.proxies.client_address(client[0] if client else None, forwarded)

    @property
    def country(self) -> str | None:
        """The visitor's country by its two letters, where a trusted proxy tells it; a relaying server tells its own."""
        proxies = self.keeper.proxies
        if proxies.country_header is None or self.relayed:
            return None
        told, client = self.headers.get(proxies.country_header), self.scope.get("client")
        return None if told is None else proxies.country(client[0] if client else None, told)

    @property
    def privacy(self) -> PrivacySignals | None:
        """What the tenant does with the visitor's privacy signal; None when the browser sends none."""
        if self.headers.get(b"sec-gpc") == b"1" or self.headers.get(b"dnt") == b"1":
            return self.tenant.privacy_signals if self.tenant else "anonymise"
        return None

    @property
    def request_id(self) -> str:
        """The id under which this request is logged: the proxy's when it is harmless, else a new one."""
        if self._request_id is None:
            given = self.headers.get(b"x-request-id", b"")
            self._request_id = given.decode() if _REQUEST_ID.fullmatch(given) else new_id().hex
        return self._request_id

    def log_fields(self) -> dict[str, Any]:
        """What a log line may tell of this request."""
        return {
            "request_id": self.request_id,
            "tenant": self.tenant.slug if self.tenant else None,
            "plugin": self.gate.plugin if self.gate else None,
            "key": self.key.prefix if self.key else None,
        }


def _parameters(text: str) -> dict[str, str]:
    """What a query says; most have nothing encoded, and then need not be decoded."""
    if "%" in text or "+" in text or not text.isascii():
        return dict(parse_qsl(text, keep_blank_values=True))
    pairs = [part.partition("=") for part in text.split("&") if part]
    return {name: value for name, _, value in pairs}
