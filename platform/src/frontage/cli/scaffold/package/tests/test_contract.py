"""Every promise of the platform, checked on this plugin, on both databases."""

from frontage.testing import PluginContract


class TestLoyaltyStamps(PluginContract):
    """It keeps them all."""

    plugin = "loyalty-stamps"
