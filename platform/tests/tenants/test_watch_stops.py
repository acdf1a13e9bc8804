"""The watch stops when it is told to, whatever it has just been woken by."""

import asyncio

import pytest

from frontage.tenants.watch import DirectoryWatch
from frontage.testing.harness import running, settings_for


@pytest.mark.parametrize("turns", range(5))
async def test_it_stops_in_the_moment_in_which_it_is_woken(sqlite_url, tmp_path, turns):
    """A cancellation that comes together with a change is not lost, or a worker would never end."""
    async with running(settings_for(sqlite_url, tmp_path), {}, []) as platform:
        watch = DirectoryWatch(platform.database, platform.platform.services.directory)
        await watch.start()
        await asyncio.sleep(0)
        watch._changed.set()
        for _ in range(turns):
            await asyncio.sleep(0)
        stopping = asyncio.create_task(watch.stop())
        done, _ = await asyncio.wait([stopping], timeout=10)
        stopping.cancel()
        assert done
