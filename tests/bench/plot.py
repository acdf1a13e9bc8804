"""The table of a bench as a picture: how far each row is on the good side of its bar."""

import math
import re
from collections.abc import Sequence
from html import escape

from tests.bench.table import Row

_BAR = re.compile(r"([≥≤<]) (\d+(?:\.\d+)?)")
LINE, LEFT, WIDTH, TOP = 22, 470, 360, 46
FARTHEST = 10.0
GOOD, BAD, INK = "#1b7f5c", "#c0392b", "#333"


def margin(row: Row) -> float | None:
    """How many times better than its bar a row is; None for a row without one."""
    found = _BAR.search(row.bar)
    if found is None or not row.value:
        return None
    bar = float(found[2])
    return row.value / bar if found[1] == "≥" else bar / row.value


def draw(rows: Sequence[Row]) -> str:
    """The picture as SVG: a bar to the right is better than asked for, one to the left is worse."""
    shown = [(row, found) for row in rows if (found := margin(row)) is not None]
    height = TOP + LINE * len(shown) + 12
    middle = LEFT + WIDTH / 2
    lines = [_line(row, found, TOP + LINE * at, middle) for at, (row, found) in enumerate(shown)]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 90} {height}" '
        f'font-family="system-ui, sans-serif" font-size="13" fill="{INK}">'
        f'<rect width="100%" height="100%" fill="#fff"/>'
        f'<text x="{middle}" y="20" text-anchor="middle">worse ◂ the bar ▸ better (times, to scale of its logarithm)</text>'
        f'<line x1="{middle}" x2="{middle}" y1="30" y2="{height - 6}" stroke="{INK}"/>'
    )
    return "\n".join([head, *lines, "</svg>\n"])


def _line(row: Row, found: float, y: float, middle: float) -> str:
    length = math.log(min(max(found, 1 / FARTHEST), FARTHEST)) / math.log(FARTHEST) * WIDTH / 2
    start, colour = min(middle, middle + length), GOOD if found >= 1 else BAD
    return (
        f'<text x="{LEFT - 10}" y="{y + 13}" text-anchor="end">{escape(row.what)}</text>'
        f'<rect x="{start:.1f}" y="{y + 2}" width="{abs(length):.1f}" height="{LINE - 8}" fill="{colour}"/>'
        f'<text x="{LEFT + WIDTH + 8}" y="{y + 13}">{found:.2f}</text>'
    )
