"""Where Redis or Valkey listens, as its URL tells it."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

DEFAULT_PORT = 6379
_SCHEMES = frozenset({"redis", "rediss", "unix"})


class StoreUrlError(ValueError):
    """A URL that names no store; the message says what was expected, and never repeats a password."""


@dataclass(frozen=True, slots=True)
class StoreUrl:
    """`redis://`, `rediss://` (TLS) or `unix://`, with user, password and number of the database where needed."""

    host: str = ""
    port: int = DEFAULT_PORT
    path: str | None = None
    """The socket of a `unix://` URL."""
    user: str | None = None
    password: str | None = None
    database: int = 0
    tls: bool = False

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read a URL, or raise a StoreUrlError."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise StoreUrlError("a host and a port from 1 to 65535") from None
        if parts.scheme not in _SCHEMES:
            raise StoreUrlError("redis://, rediss:// or unix://")
        is_socket = parts.scheme == "unix"
        place, number = (parts.path, _query_database(parts.query)) if is_socket else (parts.hostname, parts.path[1:])
        if not place or port == 0:
            raise StoreUrlError("the path of a socket" if is_socket else "a host and a port from 1 to 65535")
        if number and not (number.isascii() and number.isdigit()):
            raise StoreUrlError("the number of a database after the host")
        return cls(
            host="" if is_socket else place,
            port=port or DEFAULT_PORT,
            path=unquote(place) if is_socket else None,
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            database=int(number or 0),
            tls=parts.scheme == "rediss",
        )


def _query_database(query: str) -> str:
    return parse_qs(query).get("db", [""])[-1]
