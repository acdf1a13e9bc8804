"""What `click.pass_obj` hands to a plugin's commands."""

from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeVar

from frontage.plugin.context import PluginContext

T = TypeVar("T")


class CommandLine(Protocol):
    """Somebody at the command line."""

    def lend(self, slug: str) -> AbstractAsyncContextManager[PluginContext]:
        """The context of a plugin, outside of any server: its database is there and migrated."""
        ...

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a command's coroutine."""
        ...

    def say(self, text: str) -> None:
        """Print a line for people."""
        ...
