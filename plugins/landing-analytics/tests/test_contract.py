"""Every promise of the platform, checked on this plugin, on both databases."""

from frontage.testing import PluginContract


class TestLandingAnalytics(PluginContract):
    """Landing analytics keeps them all."""

    plugin = "landing-analytics"
