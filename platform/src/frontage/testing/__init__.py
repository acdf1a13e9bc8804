"""What the tests of the platform and of plugins share: databases of their own, and rules every plugin keeps.

pytest imports this package before it has read a single option, so its names are loaded at first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from frontage.testing.contract import PluginContract
    from frontage.testing.harness import Running, running, settings_for

__all__ = ("PluginContract", "Running", "running", "settings_for")

_MODULE_OF = {
    "PluginContract": "frontage.testing.contract",
    **dict.fromkeys(("Running", "running", "settings_for"), "frontage.testing.harness"),
}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULE_OF[name]), name)
    globals()[name] = value
    return value
