"""What is searched for and what is found: the words that both engines share."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from frontage_store_locator.nearby.shown import ShownPlace

SLACK_M = 1e-6
"""A micrometre: distances that differ by less are equal, as two libraries never agree on more."""


class Search(Struct, frozen=True, kw_only=True):
    """A question to an engine; a Struct for speed, as one is made for every request."""

    lat: float
    lon: float
    radius_m: float
    limit: int
    now: datetime
    offset: int = 0
    tags: frozenset[str] = frozenset()
    open_only: bool = False
    within: frozenset[UUID] | None = None
    """Only these places, such as those of a region; None: any."""

    @property
    def needed(self) -> int:
        """How many of the nearest must be known."""
        return self.offset + self.limit

    def fits(self, place: ShownPlace) -> bool:
        """Whether a place is to be shown and has what was asked for."""
        if not place.is_visible(self.now) or (self.tags and not self.tags <= place.tag_keys):
            return False
        if self.within is not None and place.id not in self.within:
            return False
        return not self.open_only or place.is_open(self.now)

    @property
    def filters(self) -> bool:
        """Whether more than the distance is asked for."""
        return bool(self.tags) or self.open_only or self.within is not None


class Found(Struct, frozen=True, gc=False):
    """A place and how far it is; a Struct like Search, and no part of a cycle."""

    place: ShownPlace
    distance_m: float


Answers = Sequence[Found]
"""Ordered by distance, then id."""
