"""What a tenant may set."""

from typing import Annotated, Any

from msgspec import Meta, Struct


class Settings(Struct, forbid_unknown_fields=True, frozen=True):
    """The kitchen of one tenant."""

    seats: Annotated[int, Meta(ge=1, le=500, description="How many guests find a place.")] = 20
    greeting: Annotated[str, Meta(max_length=80, description="What guests are told.")] = "Welcome"


def upgrade(version: int, settings: dict[str, Any]) -> dict[str, Any]:
    """Version 1 called the seats `chairs`."""
    assert version == 1
    return {("seats" if name == "chairs" else name): value for name, value in settings.items()}
