"""The kitchen sink keeps the contract."""

import pytest
from frontage.testing import PluginContract
from shelf import open_shelf


@pytest.fixture(scope="module", autouse=True)
def installed(tmp_path_factory):
    with open_shelf(tmp_path_factory.mktemp("site")) as shelf:
        shelf.put_kitchen_sink()
        yield


class TestKitchenSink(PluginContract):
    plugin = "kitchen-sink"
