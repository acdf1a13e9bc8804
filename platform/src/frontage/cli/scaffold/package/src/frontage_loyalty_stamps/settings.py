"""What a tenant may set under `[plugins.loyalty-stamps]`."""

from typing import Annotated

from msgspec import Meta, Struct


class Settings(Struct, forbid_unknown_fields=True, frozen=True):
    """The loyalty programme of one shop."""

    stamps_per_card: Annotated[int, Meta(ge=1, le=100, description="How many stamps fill a card.")] = 10
