"""What a tenant may set under `[plugins.landing-analytics]`."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

SaltWindow = Literal["month", "week", "day"]


class Settings(Struct, forbid_unknown_fields=True, frozen=True):
    """The analytics of one tenant."""

    salt_window: Annotated[
        SaltWindow,
        Meta(description="How long a visitor is recognised: the secret that hashes addresses is replaced as often."),
    ] = "month"
    heartbeat_seconds: Annotated[
        int, Meta(ge=1, le=3600, description="What a `time_on_page` event without seconds is worth.")
    ] = 30
    retention_days: Annotated[int, Meta(ge=1, le=3650, description="How long single events are kept; counts stay.")] = (
        90
    )
