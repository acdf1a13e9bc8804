"""What is let go of after serving."""

from frontage.plugin import PluginContext
from frontage_store_locator import funnel
from frontage_store_locator.importing import jobs
from frontage_store_locator.nearby import engines


async def stop(context: PluginContext) -> None:
    """End imports first: they still look at the engines."""
    await jobs.stop(context)
    await funnel.stop(context)
    await engines.stop(context)
