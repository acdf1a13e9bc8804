"""What became of every event, by stream: accepted + adopted = stored + duplicate + dead + spooled + in flight.

An event is accepted at the moment at which it is on disk, never before. All of it changes on the loop's thread, each
time in one step, so whoever reads it there sees the books balanced.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from frontage.intake.batch import Outcome

_COUNTERS = {
    "accepted": "Events acknowledged: on disk.",
    "adopted": "Events found in the spools of dead workers.",
    "stored": "Events written to their table.",
    "duplicate": "Repeats of events that were there.",
    "dead": "Events that the database refused, kept as dead letters.",
}
_GAUGES = {
    "spooled": "Events that wait on this worker's disk for the database.",
    "in_flight": "Events on their way from the spool to the database.",
    "waiting": "Events that nobody has acknowledged yet.",
    "away": "Whether the database is away or too slow for this stream.",
    "rollup_lag_seconds": "Age of the oldest event when the last rollup counted it.",
    "parked": "Batches whose rollup raised too often.",
}


@dataclass(slots=True)
class Tally:
    """The numbers of one stream."""

    accepted: int = 0
    adopted: int = 0
    stored: int = 0
    duplicate: int = 0
    dead: int = 0
    spooled: int = 0
    in_flight: int = 0
    waiting: int = 0
    away: int = 0
    rollup_lag_seconds: float = 0.0
    parked: int = 0
    dropped: Counter[str] = field(default_factory=Counter)

    def keep(self, outcome: Outcome) -> None:
        """Events went straight to the database."""
        self.accepted += outcome.total
        self._settle(outcome)

    def spool(self, events: int) -> None:
        """Events went to the spool."""
        self.accepted += events
        self.spooled += events

    def adopt(self, events: int) -> None:
        """Events were found in a spool."""
        self.adopted += events
        self.spooled += events

    def take(self, events: int) -> None:
        """Events leave the spool."""
        self.spooled -= events
        self.in_flight += events

    def put_back(self, events: int) -> None:
        """Events stay in the spool after all."""
        self.take(-events)

    def deliver(self, outcome: Outcome) -> None:
        """Events from the spool reached the database."""
        self.in_flight -= outcome.total
        self._settle(outcome)

    @property
    def balanced(self) -> bool:
        """Whether every event is accounted for."""
        settled = self.stored + self.duplicate + self.dead
        return self.accepted + self.adopted == settled + self.spooled + self.in_flight

    def _settle(self, outcome: Outcome) -> None:
        self.stored += outcome.stored
        self.duplicate += outcome.duplicate
        self.dead += outcome.dead


class Counters:
    """The tallies of a worker."""

    def __init__(self, worker: str, labels: list[str]) -> None:
        self._worker = worker
        self._tallies = {label: Tally() for label in labels}

    def __getitem__(self, label: str) -> Tally:
        """The tally of a stream; also of one that only an old spool still knows."""
        return self._tallies.setdefault(label, Tally())

    def items(self) -> list[tuple[str, Tally]]:
        """Every tally by stream."""
        return list(self._tallies.items())

    def families(self) -> Iterator[Metric]:
        """All series, read in one step: call it on the loop's thread."""
        for name, text in _COUNTERS.items():
            counter = CounterMetricFamily(f"frontage_intake_{name}", text, labels=["stream", "worker"])
            for label, tally in self._tallies.items():
                counter.add_metric([label, self._worker], getattr(tally, name))
            yield counter
        dropped = CounterMetricFamily(
            "frontage_intake_dropped", "Events not kept, by reason.", labels=["stream", "worker", "reason"]
        )
        for label, tally in self._tallies.items():
            for reason, events in tally.dropped.items():
                dropped.add_metric([label, self._worker, reason], events)
        yield dropped
        for name, text in _GAUGES.items():
            gauge = GaugeMetricFamily(f"frontage_intake_{name}", text, labels=["stream", "worker"])
            for label, tally in self._tallies.items():
                gauge.add_metric([label, self._worker], getattr(tally, name))
            yield gauge
