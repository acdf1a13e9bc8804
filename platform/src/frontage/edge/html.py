"""HTML by functions: elements that escape what they are given. Whatever is no `Html` is text, wherever it stands."""

from collections.abc import Iterable
from html import escape
from typing import Any

import msgspec

_VOID = frozenset({"br", "hr", "img", "input", "link", "meta"})
# What could end the element, or a line of JavaScript, has another way to be written in JSON.
_IN_SCRIPT = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


class Html(str):
    """Text that is HTML already; any other text is escaped where it is put into an element."""

    __slots__ = ()


def el(name: str, /, *inside: str, **attributes: str) -> Html:
    """An element; a trailing underscore lets `class_` be an attribute, other underscores become hyphens."""
    told = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(text)}"' for key, text in attributes.items())
    return Html(f"<{name}{told}>" if name in _VOID else f"<{name}{told}>{join(inside)}</{name}>")


def join(parts: Iterable[str], between: str = "") -> Html:
    """Parts in a row, each escaped unless it is HTML."""
    return Html(escape(between).join(part if isinstance(part, Html) else escape(part) for part in parts))


def json_block(value: Any, media_type: str = "application/ld+json") -> Html:
    """A script element that holds data; no text in it can end it."""
    text = msgspec.json.encode(value).decode().translate(_IN_SCRIPT)
    return Html(f'<script type="{escape(media_type)}">{text}</script>')
