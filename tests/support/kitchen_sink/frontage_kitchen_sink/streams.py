"""What is recorded, and what is counted from it."""

from datetime import date
from typing import Annotated

from msgspec import Meta

from frontage.plugin import Event, Rollup, Stream, count


class Taste(Event):
    """Somebody tasted a dish."""

    dish: Annotated[str, Meta(max_length=80)]


class TasteCount(Rollup):
    """How often a dish was tasted on a day."""

    day: date
    dish: str
    tastes: int = 0


streams = [Stream("tastes", row=Taste, rollup=count(TasteCount, by=("day", "dish"), tastes=1))]
