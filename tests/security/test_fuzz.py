"""No byte that a page can send makes an ingest route fail, or answer what its document does not say."""

import random
from itertools import islice

from shelf import open_shelf
from tests.isolation.shops import everything
from tests.security.bodies import hostile_bodies, in_pieces
from tests.security.fuzzing import Fuzzer
from tests.security.rounds import TIMES

from frontage.host.discovery import find_candidates

ROUNDS = 150 * TIMES
"""Bodies a route; `python -m tests.security.fuzz --rounds 100000 --seed 7` sends more, and others."""


async def test_every_ingest_route_stands_whatever_is_sent(database_url, tmp_path):
    """On both databases, by the same seed; a success of each route was seen."""
    with open_shelf(tmp_path / "site") as shelf:
        shelf.put_kitchen_sink()
        async with everything(database_url, tmp_path, find_candidates()) as platform:
            fuzzer = Fuzzer(platform, seed=1)
            await fuzzer.play(ROUNDS)
    assert not fuzzer.faults, "\n".join(fuzzer.faults[:20])
    assert fuzzer.sent == ROUNDS * len(fuzzer.routes) > 0
    assert all(min(seen) < 300 for seen in fuzzer.statuses.values()), fuzzer.statuses


def test_the_same_seed_sends_the_same():
    """So that a fault that was found once can be found again."""
    bodies = [list(islice(hostile_bodies(b'{"a": "b", "c": 1}', seed), 200)) for seed in (1, 1, 2)]
    assert bodies[0] == bodies[1] != bodies[2]


def test_pieces_make_the_whole():
    """However a body is cut, nothing of it is lost."""
    chance = random.Random(1)
    for body in islice(hostile_bodies(b'{"a": "b", "c": 1}', 3), 50):
        assert b"".join(in_pieces(body, chance)) == body
