"""What is made ready before the first visitor."""

from frontage.plugin import PluginContext
from frontage_store_locator import funnel
from frontage_store_locator.nearby.engines import engines_of


async def start(context: PluginContext) -> None:
    """Read what every visitor needs, places too as far as they are there within a moment."""
    await funnel.start(context)
    await engines_of(context).begin()
