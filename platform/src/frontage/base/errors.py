"""Errors that carry what the edge needs to answer them: a code, a status, and whether a retry may help."""

from dataclasses import dataclass
from typing import ClassVar


class FrontageError(Exception):
    """Something the platform refuses or cannot do; subclasses name what happened."""

    error_code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Mistake:
    """One wrong setting: where it stands, what was found, what was expected and how to mend it."""

    where: str
    key: str
    value: object
    expected: str
    fix: str

    def __str__(self) -> str:
        shown = "missing" if self.value is None else repr(self.value)[:120]
        return f"{self.where}: {self.key}: {shown}; expected {self.expected}. {self.fix}"


class ConfigurationError(FrontageError):
    """One or more wrong settings, all of them reported at once."""

    EXIT_CODE: ClassVar[int] = 78

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes


class DatabaseUnavailableError(FrontageError):
    """The database did not answer in time."""

    error_code = "unavailable"
    status = 503
    retryable = True
