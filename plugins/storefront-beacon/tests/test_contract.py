"""Every promise of the platform, checked on this plugin, on both databases."""

from frontage.testing import PluginContract


class TestStorefrontBeacon(PluginContract):
    """The storefront beacon keeps them all."""

    plugin = "storefront-beacon"
