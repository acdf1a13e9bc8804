"""What is made ready before the first request."""

import asyncio

from frontage.plugin import PluginContext, read_agent


async def start(_context: PluginContext) -> None:
    """Load the patterns of user agents, which takes longer than a request may."""
    await asyncio.to_thread(read_agent, "Mozilla/5.0")
