"""Origins: a page may use a key from where its owner said, and from no place that only looks like it."""

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from frontage.edge.origins import MOST_SEEN, OriginList, origins_allow, parse_origin, validate_origin

UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
SHOP = "https://acme.com"


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("https://acme.com", "https://acme.com"),
        ("HTTPS://Acme.COM", "https://acme.com"),
        ("https://acme.com:443", "https://acme.com"),
        ("http://acme.com:80", "http://acme.com"),
        ("http://acme.com:443", "http://acme.com:443"),
        ("https://acme.com:8443", "https://acme.com:8443"),
        ("https://acme.com.", "https://acme.com"),
        ("https://acme.com.:8443", "https://acme.com:8443"),
        ("https://b\u00fccher.example", "https://xn--bcher-kva.example"),
        ("https://B\u00dcCHER.example", "https://xn--bcher-kva.example"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("https://stra\u00dfe.example", "https://xn--strae-oqa.example"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("https://[2001:DB8::1]", "https://[2001:db8::1]"),
        ("https://[2001:db8:0:0:0:0:0:1]:443", "https://[2001:db8::1]"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("capacitor://localhost", "capacitor://localhost"),
        ("https://my_shop.example", "https://my_shop.example"),
    ],
)
def test_an_origin_has_one_form(text, form):
    assert str(parse_origin(text)) == form
    assert validate_origin(text) == form
    assert OriginList([text]).allows(form)
    assert OriginList([form]).allows(text)


NO_ORIGINS = [
    "",
    "null",
    "*",
    "acme.com",
    "//acme.com",
    "https:acme.com",
    "https://",
    "https://.",
    "https://acme..com",
    "https://.acme.com",
    "https://acme.com..",
    "https://acme.com/",
    "https://acme.com/path",
    "https://acme.com?q",
    "https://acme.com#f",
    "https://user@acme.com",
    "https://user:pass@acme.com",
    "https://acme.com\\",
    "https://acme.com:",
    "https://acme.com:0",
    "https://acme.com:65536",
    "https://acme.com:443:443",
    "https://acme.com:+443",
    "https://acme.com:\u0664\u0664\u0663",
    "https://acme.com ",
    " https://acme.com",
    "https://ac me.com",
    "https://acme.com\n",
    "https://acme.com\0",
    "https://acme%2ecom",
    "https://acme.com,https://evil.com",
    "https://[::1",
    "https://::1",
    "https://[::1]x",
    "https://[acme.com]",
    "https://[fe80::1%25eth0]",
    "https://[::1].acme.com",
    "https://\u202eacme.com",
    "https://\ud800.com",
    "https://" + "a" * 64 + ".com",
    "https://" + "a." * 130 + "com",
    "a" * 300 + "://acme.com",
    "1https://acme.com",
    "http\u017f://acme.com",
]


@pytest.mark.parametrize("text", NO_ORIGINS, ids=ascii)
def test_anything_more_or_less_than_an_origin_is_none(text):
    assert parse_origin(text) is None
    assert not OriginList([SHOP, "https://*.acme.com"]).allows(text)
    if text != "null":
        with pytest.raises(ValueError, match="Expected"):
            validate_origin(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://acme.com.evil.com",
        "https://evilacme.com",
        "https://acme.comevil.com",
        "https://evil.com#.acme.com",
        "https://evil.com/.acme.com",
        "https://evil.com?.acme.com",
        "https://evil.com\\.acme.com",
        "https://evil.com:443.acme.com",
        "https://evil.com@shop.acme.com",
        "https://evil.com%23.acme.com",
        "https://acme.co",
        "https://acmeXcom",
        "https://xacme.com",
        "http://acme.com",
        "http://shop.acme.com",
        "https://acme.com:8443",
        "https://shop.acme.com:8443",
        "https://shop.acme.com.evil.com",
        "https://*.acme.com",
        "https://xn--acme-.com",
        "null",
        "NULL",
    ],
)
def test_an_origin_that_only_looks_allowed_is_refused(text):
    assert not OriginList([SHOP, "https://*.acme.com"]).allows(text)
    assert not origins_allow((SHOP, "https://*.acme.com"), text)


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("https://shop.acme.com", True),
        ("https://a.b.acme.com", True),
        ("https://SHOP.acme.com:443", True),
        ("https://shop.acme.com.", True),
        ("https://\u00e9.acme.com", True),
        ("https://acme.com", False),
        ("https://.acme.com", False),
    ],
)
def test_a_wildcard_takes_every_sub_domain_and_not_the_apex(text, allowed):
    assert OriginList(["https://*.acme.com"]).allows(text) is allowed


def test_a_wildcard_keeps_to_its_port():
    listed = OriginList(["https://*.acme.com:8443"])
    assert listed.allows("https://a.acme.com:8443")
    assert not listed.allows("https://a.acme.com")


@pytest.mark.parametrize("origin", [None, "null", SHOP, "nonsense", ""])
def test_an_empty_list_allows_any_origin(origin):
    assert OriginList([]).allows(origin)
    assert origins_allow((), origin)


def test_a_request_without_an_origin_comes_from_no_browser_and_passes():
    assert OriginList([SHOP]).allows(None)


def test_null_passes_only_where_it_is_listed():
    assert OriginList(["null"]).allows("null")
    assert not OriginList([SHOP]).allows("null")
    assert validate_origin("null") == "null"


@pytest.mark.parametrize("entry", ["nonsense", "*", "https://*.com", "https://acme.com/"])
def test_a_listed_text_that_is_no_origin_opens_nothing(entry):
    listed = OriginList([entry])
    assert not any(listed.allows(text) for text in (entry, SHOP, "https://shop.com", "null"))


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("https://*.Acme.com:443", "https://*.acme.com"),
        ("https://*.shop.acme.co.uk", "https://*.shop.acme.co.uk"),
        ("https://*.acme.co.uk", "https://*.acme.co.uk"),
        ("https://*.b\u00fccher.example", "https://*.xn--bcher-kva.example"),
    ],
)
def test_a_wildcard_below_a_host_of_ones_own_is_taken(text, form):
    assert validate_origin(text) == form


@pytest.mark.parametrize(
    "text",
    [
        "https://*.com",
        "https://*.localhost",
        "https://*.co.uk",
        "https://*.com.hn",
        "https://*.github.io",
        "https://*.0.0.1",
        "https://*.127.0.0.1",
        "https://*.[::1]",
        "https://*",
        "https://*.",
        "https://a.*.acme.com",
        "https://*.*.acme.com",
        "https://*acme.com",
        "*.acme.com",
        "*://*.acme.com",
    ],
)
def test_a_wildcard_over_what_others_share_or_in_another_place_is_refused(text):
    with pytest.raises(ValueError, match="Expected"):
        validate_origin(text)


def test_the_memory_of_seen_headers_is_bounded_and_keeps_the_answers_right():
    listed = OriginList(["https://*.acme.com"])
    for number in range(3 * MOST_SEEN):
        assert not listed.allows(f"https://{number}.evil.com")
        assert listed.allows(f"https://{number}.acme.com")
        assert not listed.allows(f"https://{number}.evil.com/" + "x" * 1000)
    assert len(listed._seen) <= MOST_SEEN
    assert all(len(text) < 1000 for text in listed._seen)


LABEL = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=12)
HOST = st.lists(LABEL, min_size=2, max_size=5).map(".".join)
PORT = st.none() | st.integers(1, 65535)
JUNK = st.text("ab.:/?#@\\%*[]-_ \t\0\u00e9\u3002", min_size=1, max_size=6)


def written(scheme, host, port):
    return f"{scheme}://{host}" + (f":{port}" if port else "")


@UNTIMED
@given(st.sampled_from(["http", "https"]), HOST, PORT)
def test_a_listed_origin_is_allowed_in_its_one_form_and_in_capitals(scheme, host, port):
    text = written(scheme, host, port)
    listed = OriginList([text])
    assert listed.allows(validate_origin(text))
    assert listed.allows(text.upper())
    assert validate_origin(validate_origin(text)) == validate_origin(text)


@UNTIMED
@given(HOST, JUNK)
def test_nothing_appended_to_an_allowed_origin_passes_but_other_ways_to_write_it(host, junk):
    text = f"https://{host}" + junk
    parsed = parse_origin(text)
    if OriginList([f"https://{host}"]).allows(text):
        assert junk in {".", ":443", ".:443", "\u3002"}
        assert str(parsed) == f"https://{host}"


@UNTIMED
@given(HOST, JUNK)
def test_nothing_put_before_a_host_passes_but_sub_domains_under_a_wildcard(host, junk):
    assert not OriginList([f"https://{host}"]).allows(f"https://{junk}{host}")
    # "acme.com" may not be a host that others share, and so never "co.uk".
    assume(parse_origin(f"https://{host}.example") is not None)
    if OriginList([f"https://*.{host}.example"]).allows(f"https://{junk}{host}.example"):
        assert junk[-1] in ".\u3002"
        assert not set(junk) & set(":/?#@\\%*[] \t\0")


@UNTIMED
@given(st.text(max_size=40))
def test_no_header_makes_the_list_fail(text):
    listed = OriginList([SHOP, "https://*.acme.com", "null"])
    assert isinstance(listed.allows(text), bool)
    assert isinstance(listed.allows("https://" + text), bool)
