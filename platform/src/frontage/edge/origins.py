"""Which origins may use a key: exact ones and all sub-domains of a host, compared label by label.

It keeps other people's pages from spending a quota; it proves nothing, since only browsers send a true Origin.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address

import idna

NULL = "null"
"""What a browser sends for sandboxed frames, local files and some redirects."""
WILDCARD = "*"
LONGEST_ORIGIN = 300
MOST_SEEN = 256

DEFAULT_PORTS = {"http": 80, "https": 443}
# Hosts under which anybody gets a name of their own, besides those of countries' second level.
SHARED_HOSTS = frozenset(
    tuple(host.split("."))
    for host in ("github.io", "myshopify.com", "netlify.app", "pages.dev", "vercel.app", "web.app", "workers.dev")
)
SECOND_LEVELS = frozenset({"ac", "co", "com", "edu", "go", "gob", "gov", "mil", "net", "ne", "or", "org"})

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_LABEL = re.compile(r"[a-z0-9_-]{1,63}")
_PORT = re.compile(r"[0-9]{1,5}")
_HOST_AND_PORT = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(?::([^:]*))?")
_EXPECTED = "an origin such as https://shop.example.com, https://*.example.com or null"


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port, each in its one form: lower case, punycode, no default port."""

    scheme: str
    labels: tuple[str, ...]
    """The host, label by label; an IPv6 host is a single one in brackets, a wildcard's first is `*`."""
    port: int | None

    def __str__(self) -> str:
        host = ".".join(self.labels)
        return f"{self.scheme}://{host}" if self.port is None else f"{self.scheme}://{host}:{self.port}"

    def ancestors(self) -> Iterable["Origin"]:
        """The wildcards that this origin falls under, the nearest first."""
        for start in range(1, len(self.labels)):
            yield Origin(self.scheme, (WILDCARD, *self.labels[start:]), self.port)


def parse_origin(text: str) -> Origin | None:
    """The origin that a text names, or None when it is anything more, less or else; takes no wildcard."""
    scheme, separator, rest = text.partition("://")
    place = _HOST_AND_PORT.fullmatch(rest)
    if len(text) > LONGEST_ORIGIN or not separator or not _SCHEME.fullmatch(scheme) or place is None:
        return None
    labels = _parse_host(place[1])
    if labels is None or not _is_port(place[2]):
        return None
    scheme, port = scheme.lower(), int(place[2] or 0)
    return Origin(scheme, labels, None if port in {0, DEFAULT_PORTS.get(scheme)} else port)


def _is_port(text: str | None) -> bool:
    return text is None or (_PORT.fullmatch(text) is not None and 0 < int(text) < 65536)


def _parse_host(host: str) -> tuple[str, ...] | None:
    try:
        if host.startswith("["):
            return (f"[{IPv6Address(host[1:-1]).compressed}]",) if "%" not in host else None
        ascii_host = host.lower() if host.isascii() else idna.encode(host, uts46=True).decode()
    except ValueError:
        return None
    labels = tuple(ascii_host.removesuffix(".").split("."))
    return labels if len(ascii_host) < 255 and all(map(_LABEL.fullmatch, labels)) else None


def validate_origin(text: str) -> str:
    """The one form of an entry for a key's list, or ValueError that says what was expected."""
    return NULL if text == NULL else str(_parse_entry(text))


def _parse_entry(text: str) -> Origin:
    scheme, star, host = text.partition("://*.")
    origin = parse_origin(f"{scheme}://{host}" if star else text)
    if origin is None:
        raise ValueError(
            f"Expected {_EXPECTED}; no path, query, fragment or user; leave the list empty for any origin."
        )
    if not star:
        return origin
    if _is_shared(origin.labels):
        raise ValueError("Expected a wildcard below a host of your own, such as https://*.example.com.")
    return Origin(origin.scheme, (WILDCARD, *origin.labels), origin.port)


def _is_shared(labels: tuple[str, ...]) -> bool:
    # A short list instead of the public suffix list: it catches slips, and the owner vouches for the rest.
    if len(labels) < 2 or labels[-1].isdigit() or labels in SHARED_HOSTS:
        return True
    return len(labels) == 2 and len(labels[1]) == 2 and labels[0] in SECOND_LEVELS


def _valid(entries: Iterable[str]) -> Iterator[Origin]:
    for entry in entries:
        with suppress(ValueError):
            yield _parse_entry(entry)


class OriginList:
    """The allowed origins of a key. An empty list allows any; an entry that is no origin allows none."""

    __slots__ = ("_allowed", "_any", "_seen", "_texts")

    def __init__(self, entries: Iterable[str]) -> None:
        texts = set(entries)
        self._any = not texts
        self._allowed = set(_valid(texts - {NULL}))
        # Browsers send the one form, so that most headers need no parsing.
        self._texts = {str(origin) for origin in self._allowed if WILDCARD not in origin.labels} | (texts & {NULL})
        self._seen: dict[str, bool] = {}

    def allows(self, origin_header: str | None) -> bool:
        """Whether a request with this Origin may pass; one without any comes from no browser and may."""
        if self._any or origin_header is None or origin_header in self._texts:
            return True
        seen = self._seen.get(origin_header)
        return self._look(origin_header) if seen is None else seen

    def _look(self, text: str) -> bool:
        if len(text) > LONGEST_ORIGIN:
            return False
        origin = parse_origin(text)
        allowed = origin is not None and (
            origin in self._allowed or any(ancestor in self._allowed for ancestor in origin.ancestors())
        )
        if len(self._seen) >= MOST_SEEN:
            self._seen.clear()
        self._seen[text] = allowed
        return allowed


@lru_cache(maxsize=4096)
def _origin_list(entries: tuple[str, ...]) -> OriginList:
    return OriginList(entries)


def origins_allow(entries: tuple[str, ...], origin_header: str | None) -> bool:
    """Whether a key with these allowed origins takes a request with this Origin."""
    return _origin_list(entries).allows(origin_header)
