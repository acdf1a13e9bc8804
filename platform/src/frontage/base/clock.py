"""Time, from one place, so that a test can hold it still."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

utc_now: Callable[[], datetime] = partial(datetime.now, UTC)
"""The current moment, aware, in UTC. No function, because every event asks for it twice."""
