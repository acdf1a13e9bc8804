"""Fuzz every ingest route for as long as wanted: `python -m tests.security.fuzz --rounds 100000 --seed 7`."""

import argparse
import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.isolation.shops import everything
from tests.security.fuzzing import Fuzzer

from frontage.host.discovery import find_candidates


async def fuzz(rounds: int, seed: int) -> Fuzzer:
    """Fuzz a platform with everything that is installed, on the embedded database."""
    with TemporaryDirectory() as name:
        url = f"sqlite+aiosqlite:///{name}/frontage.db"
        async with everything(url, Path(name), find_candidates()) as platform:
            fuzzer = Fuzzer(platform, seed)
            await fuzzer.play(rounds)
            return fuzzer


def main() -> int:
    """Fuzz, and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2_000, help="bodies for each route")
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    fuzzer = asyncio.run(fuzz(told.rounds, told.seed))
    print(
        "\n".join([*fuzzer.faults, f"{fuzzer.sent} bodies, {len(fuzzer.routes)} routes, {len(fuzzer.faults)} faults"])
    )
    return int(bool(fuzzer.faults))


if __name__ == "__main__":
    sys.exit(main())
