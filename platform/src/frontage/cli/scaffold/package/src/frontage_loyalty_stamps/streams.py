"""What is recorded, and what is counted from it."""

from datetime import date, timedelta
from typing import Annotated

from frontage.plugin import Event, Rollup, Stream, count
from msgspec import Meta


class Stamp(Event, frozen=True):
    """A card was stamped. The tenant, an id and the moments come with every event."""

    card: Annotated[str, Meta(max_length=64)]


class StampCount(Rollup):
    """How many stamps a card got on a day; fields without a default are the key."""

    card: str
    day: date
    stamps: int = 0


streams = [
    Stream(
        "stamps",
        row=Stamp,
        rollup=count(StampCount, by=("card", "day"), stamps=1),
        retention=timedelta(days=400),
    ),
]
