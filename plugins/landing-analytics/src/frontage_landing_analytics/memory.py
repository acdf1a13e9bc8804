"""What this plugin holds in memory, once a process."""

import asyncio
from weakref import WeakKeyDictionary

from frontage.plugin import PluginContext
from frontage_landing_analytics.drops import Drops
from frontage_landing_analytics.live import Live
from frontage_landing_analytics.products import Products
from frontage_landing_analytics.salts import Salts


class Memory:
    """Salts, products, drops and who listens, and what keeps them fresh."""

    def __init__(self, context: PluginContext) -> None:
        self.salts = Salts(context)
        self.products = Products(context)
        self.live = Live(context)
        self.drops = Drops(context)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to look after all of it."""
        works = (self.salts.look_after(), self.live.end_in_time(), self.drops.send_on())
        self._tasks = [asyncio.create_task(work) for work in works]

    async def stop(self) -> None:
        """End it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.live.stop()
        await self.drops.send()


# One process may serve several platforms, in tests at least; each has a database of its own.
_of_database: "WeakKeyDictionary[object, Memory]" = WeakKeyDictionary()


def memory_of(context: PluginContext) -> Memory:
    """The memory that belongs to a context's process and database."""
    found = _of_database.get(context.database)
    if found is None:
        found = _of_database[context.database] = Memory(context)
    return found


async def start(context: PluginContext) -> None:
    """Prepare before serving."""
    memory_of(context).start()


async def stop(context: PluginContext) -> None:
    """Let go after serving."""
    found = _of_database.pop(context.database, None)
    if found is not None:
        await found.stop()
