"""CORS: what a browser must read before its page may have the answer."""

import pytest

from frontage.edge.cors import cors_headers, preflight_headers

ORIGIN = b"https://shop.acme.com"


def test_a_response_names_the_origin_and_exposes_the_limits():
    assert dict(cors_headers(ORIGIN)) == {
        b"access-control-allow-origin": ORIGIN,
        b"access-control-allow-credentials": b"true",
        b"vary": b"Origin",
        b"access-control-expose-headers": b"RateLimit-Policy, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, "
        b"X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After",
    }


def test_a_preflight_says_besides_what_may_be_sent():
    assert dict(preflight_headers(ORIGIN)) == dict(cors_headers(ORIGIN)) | {
        b"access-control-allow-methods": b"GET, POST, OPTIONS",
        b"access-control-allow-headers": b"Content-Type, Accept, X-API-Key, X-Storefront-Access-Token, X-Requested-With, X-CSRF-TOKEN",
        b"access-control-max-age": b"7200",
    }


@pytest.mark.parametrize("origin", [None, b""])
def test_without_an_origin_only_caches_are_told(origin):
    assert cors_headers(origin) == ((b"vary", b"Origin"),)


@pytest.mark.parametrize("origin", [b"null", b"https://other.example", b"x" * 5000], ids=["null", "other", "long"])
def test_every_origin_is_answered_with_itself(origin):
    assert dict(cors_headers(origin))[b"access-control-allow-origin"] == origin


def test_no_header_stands_twice():
    names = [name for name, _ in preflight_headers(ORIGIN)]
    assert len(names) == len(set(names))
