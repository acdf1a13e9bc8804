"""Addresses of pages, without what visitors do not mean to tell."""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

_LONGEST_PATH = 200


def page_alone(address: str) -> str:
    """A page's address without user, query and fragment."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return address.partition("?")[0].partition("#")[0]
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def path_of(metadata: dict[str, Any], referer: str | None) -> str | None:
    """The path of the page an event came from: as the page itself says, else where the browser says it was."""
    told = metadata.get("page")
    address = told if isinstance(told, str) and told else referer
    if not address:
        return None
    try:
        path = urlsplit(address).path
    except ValueError:
        return None
    return (path if path.startswith("/") else f"/{path}")[:_LONGEST_PATH]


def host_of(address: Any) -> str | None:
    """The host of a page's address, in lower case, without `www.`."""
    if not isinstance(address, str) or not address:
        return None
    try:
        host = urlsplit(address).hostname
    except ValueError:
        return None
    return host.removeprefix("www.")[:_LONGEST_PATH] if host else None
