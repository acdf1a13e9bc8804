"""Whom a request comes from: the address and the country that only trusted proxies may tell, IPv6 as its /64.

The text is to be counted by; it is never stored and never logged.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple

UNIX = "unix"
"""The word that trusts the peer of a Unix socket, which has no address."""
UNKNOWN = "unknown"
"""Everybody whose address nobody can tell; they are counted together."""
MOST_HOPS = 16
LONGEST_ADDRESS = 64
MOST_KEPT = 4096
_COUNTRY = re.compile(rb"[A-Za-z]{2}")
_NO_COUNTRY = frozenset({"XX", "ZZ"})
"""What proxies tell when they do not know; T1, for Tor, is no pair of letters."""


class Hop(NamedTuple):
    """One station of a request, and whether what it tells of the one before is believed."""

    address: str
    trusted: bool


class TrustedProxies:
    """The proxies whose `X-Forwarded-For` is believed: networks such as `10.0.0.0/8`, addresses, or `unix`.

    `country_header` is the one in which they tell the visitor's country, if they do.
    """

    def __init__(self, networks: Iterable[str], country_header: str | None = None) -> None:
        words = set(networks)
        self.country_header = country_header.lower().encode() if country_header else None
        self._networks = tuple(ip_network(word, strict=False) for word in words - {UNIX})
        self._unix = Hop(UNKNOWN, trusted=UNIX in words)
        # Bounded, and on the instance: what is trusted differs between two of them.
        self._hop = lru_cache(MOST_KEPT)(self._look_at)

    def client_address(self, peer: str | None, forwarded_for: Sequence[bytes] | bytes | None) -> str:
        """The right-most hop that is no trusted proxy; where a chain turns unreadable, the last that was."""
        hop = self._unix if peer is None else self._hop(peer) or Hop(UNKNOWN, trusted=False)
        if not forwarded_for or not hop.trusted:
            return hop.address
        return self._walk(hop, forwarded_for if isinstance(forwarded_for, bytes) else b",".join(forwarded_for))

    def country(self, peer: str | None, told: bytes) -> str | None:
        """The country that a peer tells, by its two letters; None of a stranger, and where the proxy does not know."""
        hop = self._unix if peer is None else self._hop(peer)
        if hop is None or not hop.trusted or not _COUNTRY.fullmatch(told):
            return None
        code = told.decode().upper()
        return None if code in _NO_COUNTRY else code

    def _walk(self, hop: Hop, chain: bytes) -> str:
        # Beyond so many hops the rest stays in one piece, which is no address and ends the walk.
        for told in reversed(chain.decode("latin-1").rsplit(",", MOST_HOPS)):
            before = self._hop(told.strip()) if len(told) <= LONGEST_ADDRESS else None
            if before is None:
                break
            hop = before
            if not hop.trusted:
                break
        return hop.address

    def _look_at(self, text: str) -> Hop | None:
        address = _parse(text)
        if address is None:
            return None
        return Hop(_counted(address), any(address in network for network in self._networks))


def normalise_visitor_address(text: str) -> str | None:
    """The address that a server tells of its visitor in `X-Visitor-Address`, or None when it is none."""
    address = _parse(text.strip()) if len(text) <= LONGEST_ADDRESS else None
    return None if address is None else _counted(address)


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(_without_port(text))
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _without_port(text: str) -> str:
    if text.startswith("["):
        host, bracket, port = text[1:].partition("]")
        return host if bracket and _is_port(port) else ""
    if text.count(":") == 1:
        host, colon, port = text.partition(":")
        return host if _is_port(colon + port) else ""
    return text


def _is_port(text: str) -> bool:
    return not text or (text[0] == ":" and text[1:].isdecimal() and text.isascii())


def _counted(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((int(address) >> 64 << 64, 64)))
