"""A job is due by a row in the database: one process of all runs it, and a failing one holds up no other."""

import asyncio
import sys
from datetime import timedelta

import pytest
from silent_line import silent_line
from sqlalchemy import update
from structlog.testing import capture_logs

from frontage.base.clock import utc_now
from frontage.base.database import Database
from frontage.host import jobs
from frontage.host.jobs import DueWork, JobRunner
from frontage.host.migrating import migrate
from frontage.host.roster import Roster
from frontage.tenants.models import JobRow

HOUR = timedelta(hours=1)


@pytest.fixture
async def database(database_url):
    database = Database(database_url)
    await migrate(database, Roster([]))
    yield database
    await database.close()


class Tally:
    """Work that counts its runs."""

    def __init__(self):
        self.runs = 0

    async def __call__(self):
        self.runs += 1


async def set_back(database, name, by):
    async with database.writing() as session:
        await session.execute(update(JobRow).where(JobRow.name == name).values(began_at=utc_now() - by))


async def test_a_job_runs_at_first_and_then_once_its_time_has_passed(database):
    tally = Tally()
    runner = JobRunner(database, [DueWork("a.sweep", HOUR, tally)])
    assert [await runner.run_due(), await runner.run_due()] == [["a.sweep"], []]
    await set_back(database, "a.sweep", HOUR - timedelta(minutes=1))
    assert await runner.run_due() == []
    await set_back(database, "a.sweep", HOUR)
    assert await runner.run_due() == ["a.sweep"]
    assert tally.runs == 2


async def test_one_process_of_several_runs_a_due_job(database, database_url):
    """At its first time, when there is no row yet, as at every later one."""
    tally = Tally()
    others = [Database(database_url) for _ in range(3)]
    runners = [JobRunner(one, [DueWork("a.sweep", HOUR, tally)]) for one in [database, *others]]
    for expected in (1, 2):
        ran = await asyncio.gather(*(runner.run_due() for runner in runners))
        assert sorted(ran) == [[], [], [], ["a.sweep"]]
        assert tally.runs == expected
        await set_back(database, "a.sweep", HOUR)
    for one in others:
        await one.close()


async def fail():
    raise RuntimeError("no luck")


async def leave():
    sys.exit(3)


@pytest.mark.parametrize("work", [fail, leave], ids=["raises", "exits"])
async def test_a_failing_job_is_logged_and_its_neighbours_run(database, work):
    tally = Tally()
    runner = JobRunner(database, [DueWork("a.bad", HOUR, work), DueWork("b.good", HOUR, tally)])
    with capture_logs() as logged:
        assert await runner.run_due() == ["b.good"]
    assert [(one["event"], one["job"]) for one in logged] == [("job.failed", "a.bad")]
    assert tally.runs == 1


async def test_a_database_that_goes_away_is_told_once_and_so_is_its_return(postgres_url):
    """However often the jobs look meanwhile: an outage of an hour is no thousand traces."""
    direct = Database(postgres_url)
    await migrate(direct, Roster([]))
    tally = Tally()
    async with silent_line(direct.url) as (line, url):
        database = Database(url)
        runner = JobRunner(database, [DueWork("a.sweep", HOUR, tally), DueWork("b.sweep", HOUR, tally)])
        await runner.run_due()
        with capture_logs() as logged:
            line.cut(refuse=True)
            for _ in range(3):
                assert await runner.run_due() == []
            line.cut(refuse=False)
            await runner.run_due()
        assert [one["event"] for one in logged] == ["jobs.database_away", "jobs.database_back"]
        assert "exc_info" not in logged[0]
        assert tally.runs == 2
        await database.close()
    await direct.close()


async def test_a_job_that_hangs_holds_up_no_other_and_ends_with_the_process(database, monkeypatch):
    monkeypatch.setattr(jobs, "_LOOK_SECONDS", 0.01)
    done, hung = asyncio.Event(), asyncio.Event()

    async def hang():
        hung.set()
        await asyncio.Event().wait()

    async def finish():
        await hung.wait()
        done.set()

    runner = JobRunner(database, [DueWork("a.hangs", HOUR, hang), DueWork("b.ends", HOUR, finish)])
    await runner.start()
    await done.wait()
    await runner.stop()


async def test_a_runner_that_never_started_can_be_stopped(database):
    await JobRunner(database, []).stop()
