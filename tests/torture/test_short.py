"""A short torture in every test run: real servers killed, a real database stopped and frozen, everything sent twice."""

import shutil

import pytest
from tests.torture import faults
from tests.torture.__main__ import one, order

from frontage.testing.components import report_missing


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
@pytest.mark.parametrize(
    ("fault", "rounds"),
    [(faults.kill_at_random, 3), (faults.everything_twice, 1)],
    ids=["SIGKILL", "everything twice and SIGTERM"],
)
async def test_nothing_acknowledged_is_lost_or_counted_twice(dialect, fault, rounds):
    result = await one(dialect, fault.__name__, fault, rounds)
    assert result.good, result


@pytest.mark.parametrize("fault", [faults.crash_the_database, faults.freeze_the_database], ids=["crash", "freeze"])
async def test_a_database_that_goes_away_costs_no_answer(fault):
    result = await one("postgresql", fault.__name__, fault, 1)
    assert result.good, result
    assert "503" not in result.note


@pytest.fixture
def _strace():
    if shutil.which("strace") is None:
        report_missing("strace", "apt install strace")


@pytest.mark.usefixtures("_strace")
async def test_no_answer_is_written_before_the_sync_that_covers_it():
    result = await order("sqlite", spooled=False)
    assert result.good, result
