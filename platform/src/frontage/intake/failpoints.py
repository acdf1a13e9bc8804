"""Named places where a torture run kills the process: `FRONTAGE_TEST_FAILPOINT=commit.after:3` dies at the third."""

import os
import signal
from typing import Literal

Place = Literal[
    "queue.taken",
    "commit.before",
    "commit.after",
    "spool.before",
    "spool.after",
    "answer.before",
    "answer.after",
    "drain.before",
    "drain.committed",
    "drain.removed",
    "rollup.taken",
    "rollup.committed",
    "erase.marked",
]


class _Armed:
    def __init__(self, text: str) -> None:
        self.place, _, count = text.partition(":")
        self.left = int(count or 1)


_armed = _Armed(os.environ["FRONTAGE_TEST_FAILPOINT"]) if "FRONTAGE_TEST_FAILPOINT" in os.environ else None


def reached(place: Place) -> None:
    """Die here, as by a power cut of this process, when this place is armed and was passed often enough."""
    if _armed is None or _armed.place != place:
        return
    _armed.left -= 1
    if _armed.left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
