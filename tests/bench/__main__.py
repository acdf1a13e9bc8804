"""`python -m tests.bench [--quick] [--json FILE] [--plot FILE]`: every bench, and one table of what they reached.

A whole run writes its section of RESULTS.md, unless the bare server moved too much for its numbers to mean anything.
"""

import argparse
import asyncio
import os
from pathlib import Path

import msgspec

QUICK = {"ROUNDS": "1", "SECONDS": "1", "EVENTS": "100000"}


async def main(told: argparse.Namespace) -> None:
    """Run them all."""
    # Only now: the benches read how long they may take where they are imported.
    from tests.bench import beacon, front, intake, landing, nearby
    from tests.bench.plot import draw
    from tests.bench.table import Row, show
    from tests.results import write_section

    title, rows = await intake.main()
    parts = [rows, await front.main(), await nearby.main(), await beacon.main(), await landing.main()]
    shown = [Row(*row) for part in parts for row in part]
    show(shown, title)
    if told.json:
        told.json.write_bytes(msgspec.json.encode([row._asdict() for row in shown]))
    if told.plot:
        told.plot.write_text(draw(shown))
    if not told.quick and "void" not in title:
        cells = [(row.what, row.short, row.spread, row.bar) for row in shown]
        write_section(
            "make bench", f"{title.capitalize()} between rounds.", ("what", "reached", "rounds", "bar"), cells
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round of each: a look, not a result")
    parser.add_argument("--json", type=Path, help="write the rows for machines")
    parser.add_argument("--plot", type=Path, help="draw them (SVG)")
    words = parser.parse_args()
    if words.quick:
        os.environ.update(QUICK | {name: os.environ[name] for name in QUICK if name in os.environ})
    asyncio.run(main(words))
