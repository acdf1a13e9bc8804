"""Visits of the shop's own people, known by the networks that they come from."""

from functools import lru_cache
from ipaddress import ip_network

from frontage_landing_analytics.settings import network


@lru_cache(4096)
def is_own(networks: tuple[str, ...], address: str) -> bool:
    """Whether an address lies in one of the networks; of IPv6 only the /64 is known, so that counts as a whole."""
    try:
        visitor = ip_network(address)
    except ValueError:
        return False  # of a peer without an address
    return any(visitor.version == own.version and visitor.overlaps(own) for own in map(network, networks))
