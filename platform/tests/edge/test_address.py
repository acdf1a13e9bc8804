"""Addresses: only a trusted proxy is believed, and only as far as its chain can be read."""

import ipaddress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frontage.edge.address import MOST_HOPS, UNKNOWN, TrustedProxies, normalise_visitor_address

UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
PROXIES = TrustedProxies(["10.0.0.0/8", "192.168.1.1", "fd00::/8"])
NEAR = "10.0.0.1"


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        pytest.param("203.0.113.7", None, "203.0.113.7", id="no proxy"),
        pytest.param("203.0.113.7", b"198.51.100.1", "203.0.113.7", id="a stranger's header is not believed"),
        pytest.param(NEAR, None, NEAR, id="a proxy speaks for itself"),
        pytest.param(NEAR, b"", NEAR, id="empty header"),
        pytest.param(NEAR, [], NEAR, id="no header"),
        pytest.param(NEAR, b"203.0.113.7", "203.0.113.7", id="one hop"),
        pytest.param(NEAR, b"1.1.1.1, 203.0.113.7", "203.0.113.7", id="a spoofed hop on the left"),
        pytest.param(NEAR, b"1.1.1.1,203.0.113.7 ,10.9.9.9,\t192.168.1.1", "203.0.113.7", id="behind two proxies"),
        pytest.param(NEAR, [b"1.1.1.1", b"203.0.113.7, 10.9.9.9"], "203.0.113.7", id="two headers"),
        pytest.param(NEAR, b"10.1.1.1, 10.2.2.2", "10.1.1.1", id="all trusted"),
        pytest.param(NEAR, b"203.0.113.7, rubbish", NEAR, id="rubbish on the right"),
        pytest.param(NEAR, b"203.0.113.7, rubbish, 10.2.2.2", "10.2.2.2", id="rubbish further left"),
        pytest.param(NEAR, b"203.0.113.7,", NEAR, id="empty hop"),
        pytest.param(NEAR, b"203.0.113.7, unknown, 10.2.2.2", "10.2.2.2", id="hidden hop"),
        pytest.param(NEAR, b"\xff\xfe", NEAR, id="no text"),
        pytest.param(NEAR, b"203.0.113.7:555", "203.0.113.7", id="port"),
        pytest.param(NEAR, b"203.0.113.7:x", NEAR, id="no port"),
        pytest.param(NEAR, b"[2001:db8::1]:80", "2001:db8::/64", id="IPv6 with port"),
        pytest.param(NEAR, b"[2001:db8::1]", "2001:db8::/64", id="IPv6 in brackets"),
        pytest.param(NEAR, b"[2001:db8::1", NEAR, id="half a bracket"),
        pytest.param(NEAR, b"[2001:db8::1]80", NEAR, id="bracket without colon"),
        pytest.param(NEAR, b"010.0.0.1", NEAR, id="octal"),
        pytest.param(NEAR, b"1.2.3", NEAR, id="short"),
        pytest.param(
            NEAR, b"203.0.113.7," * 30 + b"10.2.2.2," * MOST_HOPS + b"10.3.3.3", "10.2.2.2", id="too many hops"
        ),
        pytest.param("2001:db8:1:2:3:4:5:6", None, "2001:db8:1:2::/64", id="IPv6 is its network"),
        pytest.param("fe80::1%eth0", None, "fe80::/64", id="zone"),
        pytest.param("fd00::1%eth0", b"[fe80::1%eth0]:80", "fe80::/64", id="proxy and visitor with a zone"),
        pytest.param("::ffff:203.0.113.7", None, "203.0.113.7", id="mapped IPv4"),
        pytest.param("::ffff:10.0.0.1", b"203.0.113.7", "203.0.113.7", id="mapped proxy"),
        pytest.param("fd12::1", b"::ffff:203.0.113.7", "203.0.113.7", id="IPv6 proxy, mapped visitor"),
        pytest.param("192.168.1.1", b"203.0.113.7", "203.0.113.7", id="a single trusted address"),
        pytest.param("192.168.1.2", b"203.0.113.7", "192.168.1.2", id="its neighbour"),
        pytest.param(None, b"203.0.113.7", UNKNOWN, id="a socket that is not trusted"),
        pytest.param("testclient", b"203.0.113.7", UNKNOWN, id="a peer without address"),
    ],
)
def test_the_client_is_the_right_most_hop_that_is_no_trusted_proxy(peer, forwarded, expected):
    assert PROXIES.client_address(peer, forwarded) == expected


@pytest.mark.parametrize(
    ("peer", "told", "expected"),
    [
        pytest.param(NEAR, b"HN", "HN", id="a proxy tells"),
        pytest.param(NEAR, b"hn", "HN", id="in small letters"),
        pytest.param("203.0.113.7", b"HN", None, id="a stranger is not believed"),
        pytest.param("testclient", b"HN", None, id="a peer without address"),
        pytest.param(None, b"HN", None, id="a socket that is not trusted"),
        pytest.param(NEAR, b"XX", None, id="the proxy does not know"),
        pytest.param(NEAR, b"T1", None, id="Tor"),
        pytest.param(NEAR, b"Honduras", None, id="no code"),
        pytest.param(NEAR, b"HN, US", None, id="two"),
        pytest.param(NEAR, "ñn".encode(), None, id="no letters of ASCII"),
        pytest.param(NEAR, b"", None, id="empty"),
    ],
)
def test_a_country_is_believed_of_trusted_proxies_alone(peer, told, expected):
    assert PROXIES.country(peer, told) == expected


def test_a_trusted_socket_may_tell_the_country():
    assert TrustedProxies(["unix"], "X-Country").country(None, b"HN") == "HN"


def test_a_unix_socket_is_believed_only_when_listed():
    assert TrustedProxies(["unix"]).client_address(None, b"203.0.113.7") == "203.0.113.7"
    assert TrustedProxies(["unix"]).client_address(None, None) == UNKNOWN
    assert TrustedProxies(["unix"]).client_address("10.0.0.1", b"203.0.113.7") == "10.0.0.1"


def test_nobody_is_trusted_unless_listed():
    assert TrustedProxies([]).client_address("127.0.0.1", b"203.0.113.7") == "127.0.0.1"


def test_a_network_may_be_written_with_an_address_in_it():
    assert TrustedProxies(["10.1.2.3/8"]).client_address(NEAR, b"203.0.113.7") == "203.0.113.7"


def test_a_word_that_is_no_network_is_refused():
    with pytest.raises(ValueError, match="proxy"):
        TrustedProxies(["proxy"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("203.0.113.7", "203.0.113.7"),
        (" 203.0.113.7 ", "203.0.113.7"),
        ("203.0.113.7:80", "203.0.113.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("[2001:db8::1]:80", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("", None),
        ("visitor", None),
        ("1.2.3.4%eth0", None),
        ("1.2.3.4, 5.6.7.8", None),
        ("1.2.3.4:\u0668", None),
        ("\u0661.2.3.4", None),
        ("3405803783", None),
        ("[]", None),
        ("1" * 1000, None),
    ],
)
def test_a_visitors_address_is_counted_like_any_other(text, expected):
    assert normalise_visitor_address(text) == expected


@UNTIMED
@given(st.ip_addresses(v=6), st.ip_addresses(v=6))
def test_two_addresses_of_one_network_are_one_client(first, second):
    same = int(first) >> 64 == int(second) >> 64
    mapped = first.ipv4_mapped or second.ipv4_mapped
    assert mapped or (normalise_visitor_address(str(first)) == normalise_visitor_address(str(second))) is same


@UNTIMED
@given(st.ip_addresses(v=4))
def test_an_ipv4_address_counts_as_itself_also_when_mapped(address):
    assert normalise_visitor_address(f"::ffff:{address}") == normalise_visitor_address(str(address)) == str(address)


@UNTIMED
@given(st.lists(st.binary(max_size=20) | st.sampled_from([b"10.1.1.1", b"1.2.3.4", b","])))
def test_whatever_is_forwarded_an_address_comes_out(forwarded):
    ipaddress.ip_network(PROXIES.client_address(NEAR, forwarded))


@UNTIMED
@given(st.lists(st.binary(max_size=20)))
def test_nothing_on_the_left_moves_the_hop_that_the_proxy_saw(forged):
    assert PROXIES.client_address(NEAR, [*forged, b"203.0.113.7"]) == "203.0.113.7"
