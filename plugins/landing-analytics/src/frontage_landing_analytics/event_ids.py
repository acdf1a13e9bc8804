"""Repeats: an event that its sender names is one event, however often it is sent."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from frontage.plugin import IdText, InvalidFieldError, id_from

_LONGEST = 64
_LAST_SECOND = 253_402_300_799
"""Of the year 9999."""


class Repeatable(Struct, frozen=True, kw_only=True):
    """An event that its sender may name, so that a repeat of it counts once."""

    event_id: Annotated[IdText | None, Meta(description="1 to 64 characters, together with `timestamp`.")] = None
    timestamp: Annotated[
        int | str | None, Meta(description="When it happened, ISO 8601 or milliseconds since 1970; a repeat's too.")
    ] = None

    def __post_init__(self) -> None:
        """Refuse a name that could not be found again."""
        if self.event_id is None:
            return
        if not 1 <= len(self.event_id) <= _LONGEST:
            raise InvalidFieldError("event_id", f"Expected 1 to {_LONGEST} characters.")
        if self.timestamp is None:
            raise InvalidFieldError("event_id", "Expected together with a timestamp, which a repeat carries too.")
        if read_moment(self.timestamp) is None:
            raise InvalidFieldError("timestamp", "Expected ISO 8601 or milliseconds since 1970.")

    def identity(self, source: str) -> dict[str, Any]:
        """The id of the event and when it happened, as far as its sender says; two routes share no names."""
        if self.event_id is None:
            return {}
        return {"id": event_key(source, self.event_id), "occurred": read_moment(self.timestamp)}


def event_key(source: str, name: str) -> UUID:
    """The id of the event that its sender calls by this name."""
    return id_from(source, name)


def read_moment(value: Any) -> datetime | None:
    """A moment as ISO 8601, UTC when it names no zone, or as milliseconds since 1970; None when it is neither."""
    try:
        if isinstance(value, int) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000, UTC) if 0 <= value // 1000 <= _LAST_SECOND else None
        if not isinstance(value, str):
            return None
        moment = datetime.fromisoformat(value.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
