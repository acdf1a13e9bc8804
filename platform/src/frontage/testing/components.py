"""Parts of the outside world that a test needs and a desk may lack: PostgreSQL, Redis, Chromium."""

import re
from typing import NoReturn

import pytest

from frontage.testing.required import REQUIRED, is_required

_MISSING = re.compile(r"\[missing: (?P<component>[\w-]+)\] (?P<reason>.*)", re.DOTALL)


def report_missing(component: str, reason: str) -> NoReturn:
    """Skip the test, or fail it where `FRONTAGE_TEST_REQUIRE` (a comma list) names the component."""
    words = f"[missing: {component}] {reason}"
    if is_required(component):
        pytest.fail(f"{words}; {REQUIRED} demands it", pytrace=False)
    pytest.skip(words)


def read_missing(words: str) -> tuple[str, str] | None:
    """The component and the reason that `report_missing` gave, or None for any other skip."""
    found = _MISSING.search(words)
    return (found["component"], found["reason"]) if found else None
