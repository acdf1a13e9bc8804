"""What travels over the wire."""

from datetime import datetime
from typing import Annotated

from frontage.plugin import Page
from msgspec import Meta, Struct

Name = Annotated[str, Meta(min_length=1, max_length=64)]


class StampIn(Struct, frozen=True):
    """A stamp for a card."""

    card: Name
    stamp_id: Name | None = None
    """A name of the page's own for this stamp: sent again on the same day, it counts once."""


class Card(Struct, frozen=True):
    """A card, and whether a reward is due."""

    card: str
    stamps: int
    rewards: int
    full: bool


class RewardOut(Struct, frozen=True):
    """A reward that was given."""

    id: str
    card: str
    number: int
    given_at: datetime


class RewardPage(Page[RewardOut], frozen=True):
    """A page of rewards."""
