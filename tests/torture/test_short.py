"""A short torture in every test run: real servers killed, a real database stopped and frozen, everything sent twice."""

import shutil

import pytest
from tests.torture import faults
from tests.torture.__main__ import Row, one, order

from frontage.testing.components import report_missing

# Whole worlds that are made and broken, bounded by themselves: a busy machine may take its time with them.
pytestmark = pytest.mark.timeout(400)


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
@pytest.mark.parametrize(
    ("fault", "rounds"),
    [(faults.kill_at_random, 3), (faults.everything_twice, 1)],
    ids=["SIGKILL", "everything twice and SIGTERM"],
)
async def test_nothing_acknowledged_is_lost_or_counted_twice(dialect, fault, rounds):
    result = await one(dialect, Row(fault.__name__, fault, 1), rounds)
    assert result.good, result


async def a_bad_day(scene, _rounds):
    """In one world, because worlds take longer to make than a database takes to go away."""
    await faults.crash_the_database(scene, 1)
    await faults.freeze_the_database(scene, 1)
    return await faults.reply_cut(scene, 10)


async def test_a_database_that_crashes_freezes_or_breaks_off_its_reply_costs_no_answer():
    result = await one("postgresql", Row("a bad day", a_bad_day, 1, line=True), 1)
    assert result.good, result
    assert "503" not in result.note


@pytest.fixture
def _strace():
    if shutil.which("strace") is None:
        report_missing("strace", "apt install strace")


@pytest.mark.usefixtures("_strace")
@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
async def test_no_answer_is_written_before_the_sync_that_covers_it(dialect):
    result = await order(dialect, spooled=False)
    assert result.good, result
