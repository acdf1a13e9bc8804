"""What intake refuses, and what the parts of it tell one another when something is away."""

from typing import ClassVar, Literal

from frontage.base.errors import FrontageError

Refusal = Literal["queue_full", "spool_full", "disk_full", "io_error", "stopping", "fault"]


class IntakeRefusedError(FrontageError):
    """Events that could not be kept; nothing of them was acknowledged, and a retry may help."""

    error_code: ClassVar[str] = "unavailable"
    status: ClassVar[int] = 503
    retryable: ClassVar[bool] = True

    def __init__(self, reason: Refusal, retry_after: int = 1) -> None:
        super().__init__("Events cannot be kept at the moment.")
        self.reason = reason
        self.retry_after = retry_after


class StoreAwayError(Exception):
    """The database did not take a batch, for a reason that lies not in its rows; whether it has them is unknown."""


class RollupFaultError(Exception):
    """A rollup raised over these rows of the outbox; nothing of it stays."""

    def __init__(self, rows: list[int], attempts: int, reason: str) -> None:
        super().__init__(reason)
        self.rows = rows
        self.attempts = attempts
        self.reason = reason
