"""Every promise of the platform, checked on this plugin, on both databases."""

from frontage.testing import PluginContract


class TestStoreLocator(PluginContract):
    """The store locator keeps them all."""

    plugin = "store-locator"
