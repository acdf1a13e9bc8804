"""Which parts of the outside world must be there: those that `FRONTAGE_TEST_REQUIRE`, a comma list, names."""

import os

REQUIRED = "FRONTAGE_TEST_REQUIRE"


def is_required(component: str) -> bool:
    """Whether a test without this component fails instead of being skipped."""
    return component in os.environ.get(REQUIRED, "").replace(" ", "").split(",")
