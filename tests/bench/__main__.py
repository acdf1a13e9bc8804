"""`python -m tests.bench`: every bench, one after the other, and one table of what they reached."""

import asyncio

from tests.bench import beacon, front, intake, landing, nearby
from tests.bench.table import show


async def main() -> None:
    """Run them all."""
    title, rows = await intake.main()
    rows = [*rows, *await front.main()]
    show([*rows, *await nearby.main(), *await beacon.main(), *await landing.main()], title)


if __name__ == "__main__":
    asyncio.run(main())
