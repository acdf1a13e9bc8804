"""What a tenant may set under `[plugins.storefront-beacon]`."""

from typing import Annotated

from msgspec import Meta, Struct


class Settings(Struct, forbid_unknown_fields=True, frozen=True):
    """The storefront beacon of one tenant."""

    retention_days: Annotated[
        int, Meta(ge=31, le=3650, description="How long events are kept; what was counted from them stays.")
    ] = 400
