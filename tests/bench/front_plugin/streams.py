"""What is kept, and what is counted from it."""

from datetime import date

from frontage.plugin import Event, Rollup, Stream, count


class Visit(Event):
    """A visit of a page."""

    card: str


class VisitCount(Rollup):
    """How often a card came on a day."""

    day: date
    card: str
    visits: int = 0


streams = [Stream("visits", row=Visit, rollup=count(VisitCount, by=("day", "card"), visits=1))]
