"""Parts of wholes, and growth, as reports tell them."""

from typing import Annotated

from msgspec import Meta

Rate = Annotated[float | None, Meta(description="To four decimals; null where there is nothing to divide by.")]


def rate(part: float, whole: float) -> float | None:
    """A part of a whole to four decimals."""
    return round(part / whole, 4) if whole else None


def growth(now: float, before: float) -> float | None:
    """How much more there is now: 0.5 is half as much again."""
    return rate(now - before, before)
