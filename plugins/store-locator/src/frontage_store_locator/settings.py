"""What a tenant may set under `[plugins.store-locator]`."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Country = Annotated[str, Meta(pattern="^([A-Z]{2})?$", description="ISO 3166-1 alpha-2, such as `HN`; empty: none.")]


class Settings(Struct, forbid_unknown_fields=True, frozen=True):
    """The store locator of one tenant."""

    country: Country = ""
    """Where phone numbers without a country code belong, and where a place lies that names no country."""
    directions: Annotated[
        Literal["google", "apple", "osm"], Meta(description="Whose directions a place's link opens.")
    ] = "google"
    funnel: Annotated[
        bool, Meta(description="Count loads, searches and clicks by day. Off: a widget's events leave nothing behind.")
    ] = False
