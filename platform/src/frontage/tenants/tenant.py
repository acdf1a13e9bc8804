"""A tenant as requests see it, and every way of naming one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, get_args
from uuid import UUID
from zoneinfo import ZoneInfo

from frontage.base import ids
from frontage.tenants.local_days import HeldDay, day_at
from frontage.tenants.policy import Window

PrivacySignals = Literal["ignore", "anonymise", "drop"]
PRIVACY_SIGNALS: tuple[str, ...] = get_args(PrivacySignals)
RESERVED_SLUGS = frozenset({"track", "today"})
LARGEST_NUMBER = 10**18 - 1
_SLUG = re.compile(r"[a-z][a-z0-9-]{0,62}")
_DIGITS = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True, eq=False)
class Tenant:
    """An active tenant, read-only, as the snapshot holds it."""

    id: UUID
    slug: str
    number: int
    name: str
    timezone: ZoneInfo
    currency: str
    privacy_signals: PrivacySignals = "anonymise"
    windows: Mapping[str, tuple[Window, ...]] = field(default_factory=dict)
    plugins: Mapping[str, Any] = field(default_factory=dict)
    held: HeldDay | None = None
    """The day on which the time zone was changed last."""
    short_id: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "short_id", ids.to_short(self.id))

    def day_at(self, moment: datetime) -> date:
        """The tenant's own day at a moment of now or later; it never goes back."""
        return day_at(moment, self.timezone, self.held)


def is_slug(text: str) -> bool:
    """Whether `text` may name a tenant: it can never be taken for an id or a number."""
    return (
        _SLUG.fullmatch(text) is not None
        and text not in RESERVED_SLUGS
        and not ids.looks_short(text)
        and ids.from_hyphenated(text) is None
    )


def parse_reference(value: object) -> UUID | int | str | None:
    """What a value names: an id, a number, or a slug, in the order of the contract; None when it names nothing."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if 0 <= value <= LARGEST_NUMBER else None
    if not isinstance(value, str):
        return None
    if ids.looks_short(value):
        return ids.from_short(value)
    if _DIGITS.fullmatch(value):
        return int(value)
    return ids.from_hyphenated(value) or (value if is_slug(value) else None)
