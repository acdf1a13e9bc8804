"""What the tests of the platform and of plugins share: databases of their own, and rules every plugin keeps.

pytest imports this package before it has read a single option, so its names are loaded at first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from frontage.testing.contract import PluginContract

__all__ = ("PluginContract",)

_MODULE_OF = {"PluginContract": "frontage.testing.contract"}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULE_OF[name]), name)
    globals()[name] = value
    return value
