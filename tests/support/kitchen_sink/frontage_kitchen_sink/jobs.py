"""What happens beside the requests."""

from sqlalchemy import text

from frontage.plugin import PluginContext, Tenant
from frontage_kitchen_sink.models import Dish


async def open_kitchen(context: PluginContext) -> None:
    """Called once before serving."""
    context.log.info("kitchen.opened", tenants=len(context.tenants_with_plugin()))


async def close_kitchen(context: PluginContext) -> None:
    """Called once after serving."""
    context.log.info("kitchen.closed")


async def wipe(context: PluginContext) -> None:
    """Forget the orders for nothing."""
    async with context.database.writing() as session:
        await session.execute(text("delete from kitchen_sink_order where dish = 'nothing'"))


async def show(context: PluginContext, tenant: Tenant) -> None:
    """Put something on a demo's menu."""
    async with context.writing(tenant) as session:
        session.add(Dish(name="Soup of the day", price=3))
    raise RuntimeError("a plugin that fails here keeps nobody from serving")
