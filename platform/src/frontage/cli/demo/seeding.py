"""What plugins put there for a newcomer to see."""

from frontage.base.logs import get_logger
from frontage.cli.operator import Operator
from frontage.host.errors import CONTAINED
from frontage.host.loading import resolve

log = get_logger(__name__)


async def show_plugins(operator: Operator) -> None:
    """Let every plugin put there what it has to show to a newcomer; one that cannot costs nobody the start."""
    for entry in operator.roster.serving:
        if (hook := entry.declared.demo) is None:
            continue
        async with operator.lend(entry.slug) as context:
            for tenant in context.tenants_with_plugin():
                try:
                    await resolve(hook)(context, tenant)
                except CONTAINED:  # a plugin's hook may raise anything
                    log.exception("plugin.demo_failed", plugin=entry.slug, tenant=tenant.slug)
