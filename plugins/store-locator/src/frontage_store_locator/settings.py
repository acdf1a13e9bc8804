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
    pages: Annotated[bool, Meta(description="Show places as pages under `/stores/<tenant>`.")] = True
    pages_url: Annotated[
        str,
        Meta(
            pattern=r"^(https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*/?)?(?![\s\S])",
            max_length=500,
            description="Where `/stores/<tenant>` stands on the shop's own domain; empty: on the platform's.",
        ),
    ] = ""
