"""Plugins of a test's own."""

import pytest
from shelf import open_shelf


@pytest.fixture
def shelf(tmp_path):
    with open_shelf(tmp_path / "site") as shelf:
        yield shelf
