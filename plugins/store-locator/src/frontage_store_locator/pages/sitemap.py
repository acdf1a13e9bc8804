"""Sitemaps: every page of a shop for search engines, in parts of what one file may hold."""

from collections.abc import Iterable
from datetime import datetime

from frontage.plugin import html

LARGEST_PART = 10_000
"""Fewer than the 50,000 that a file may have: a part is written at once."""
_SPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
el = html.el


def sitemap(pages: Iterable[tuple[str, datetime | None]]) -> str:
    """Addresses, and when what stands there was changed."""
    told = [
        el("url", el("loc", url), el("lastmod", moment.date().isoformat()) if moment else "") for url, moment in pages
    ]
    return _HEAD + el("urlset", *told, xmlns=_SPACE)


def sitemap_index(parts: Iterable[str]) -> str:
    """The sitemaps of a shop that has several."""
    return _HEAD + el("sitemapindex", *[el("sitemap", el("loc", url)) for url in parts], xmlns=_SPACE)
