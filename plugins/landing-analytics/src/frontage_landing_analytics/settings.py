"""What a tenant may set under `[plugins.landing-analytics]`."""

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Literal

from msgspec import Meta, Struct

SaltWindow = Literal["month", "week", "day"]


QrCode = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}(?![\s\S])", description="Stands in the printed link.")]
PageUrl = Annotated[
    str,
    Meta(
        pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[!-\[\]-~]*)?(?![\s\S])",
        max_length=2000,
        description="A page of the shop, http or https, in ASCII.",
    ),
]


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
    own_networks: Annotated[
        tuple[str, ...],
        Meta(description="Networks of the shop's own people, such as 203.0.113.7 or 2001:db8::/48: never counted."),
    ] = ()
    qr_codes: Annotated[
        Mapping[QrCode, PageUrl], Meta(description="Where each printed code leads: `/t/<tenant>/<code>` goes there.")
    ] = {}

    def __post_init__(self) -> None:
        """Refuse what is no network, where it is written."""
        for text in self.own_networks:
            network(text)


def network(text: str) -> IPv4Network | IPv6Network:
    """A network, or a single address as one."""
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        raise ValueError("own_networks: expected addresses or networks such as 203.0.113.0/24") from None
