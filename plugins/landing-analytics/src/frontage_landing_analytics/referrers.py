"""Addresses of pages without what visitors do not mean to tell."""

from urllib.parse import urlsplit, urlunsplit


def page_alone(address: str) -> str:
    """A page's address without user, query and fragment."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return address.partition("?")[0].partition("#")[0]
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
