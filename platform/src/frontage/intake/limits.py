"""How much intake holds, and how long it waits."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers that bound intake; the defaults suit a worker of a few hundred megabytes."""

    queue_events: int = 20_000
    """Events of one stream that may wait for their write; more are refused."""
    queue_bytes: int = 32 << 20
    batch_events: int = 2_000
    """Events that one write takes at most."""
    budget_seconds: float = 0.15
    """How long a write may take before its events go to the spool instead."""
    replay_seconds: float = 10.0
    """How long one portion from the spool may take."""
    replay_events: int = 2_000
    spool_bytes: int = 1 << 30
    rollup_events: int = 5_000
    """Events that one rollup takes at most."""
    rollup_rows: int = 256
    rollup_pause_seconds: float = 0.05
    """Between two rollups of a stream, so that each has much to do."""
    rollup_busy_events: int = 100
    rollup_busy_seconds: float = 0.25
    """Between two rollups when the last one took so many events: counts are there within a second, and cost less."""
    rollup_attempts: int = 5
    poll_seconds: float = 1.0
    """How often to look for what other workers, dead ones too, have left."""
