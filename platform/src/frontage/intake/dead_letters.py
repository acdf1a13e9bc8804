"""Events that a database refused: kept as text with the reason, to be looked at and tried again."""

import json
from typing import Any

import msgspec

from frontage.intake.batch import DeadLetter
from frontage.intake.stream import Event

_LONGEST_REASON = 500


def dead_letter(event: Event, reason: str) -> DeadLetter:
    """An event as a dead letter. ASCII text with escapes is taken by every database, whatever was in the event."""
    return DeadLetter(
        event.tenant, event.id, _plain(reason), json.dumps(_builtins(event), ensure_ascii=True, default=str)
    )


def _builtins(event: Event) -> dict[str, Any]:
    return {name: _builtin(getattr(event, name)) for name in event.__struct_fields__}


def _builtin(value: Any) -> Any:
    try:
        return msgspec.to_builtins(value)
    except (TypeError, ValueError, RecursionError):
        return repr(value)


def _plain(text: str) -> str:
    first = text.strip().splitlines()[0] if text.strip() else "refused"
    return first.encode("ascii", "backslashreplace").decode().replace("\x00", "\\x00")[:_LONGEST_REASON]
