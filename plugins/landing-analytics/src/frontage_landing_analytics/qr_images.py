"""Printed codes as pictures."""

import io
from typing import Literal

ImageFormat = Literal["svg", "png"]
_BORDER = 4
"""Modules of quiet around a code, without which scanners fail."""


def link_of(base_url: str, slug: str, code: str) -> str:
    """What stands in a code."""
    return f"{base_url}/t/{slug}/{code}"


def picture(link: str, format_: ImageFormat, *, scale: int = 8) -> bytes:
    """A code; a quarter of it may be covered or torn and it is read all the same."""
    import segno  # at first use: it takes a while

    buffer = io.BytesIO()
    segno.make_qr(link, error="q").save(buffer, kind=format_, scale=scale, border=_BORDER)
    return buffer.getvalue()
