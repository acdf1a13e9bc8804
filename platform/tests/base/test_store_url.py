"""Where a URL says that Redis or Valkey listens."""

import pytest

from frontage.base.store_url import StoreUrl, StoreUrlError


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("redis://cache", StoreUrl(host="cache"), id="a host"),
        pytest.param("redis://cache:7000/3", StoreUrl(host="cache", port=7000, database=3), id="port and database"),
        pytest.param("redis://cache/", StoreUrl(host="cache"), id="no database"),
        pytest.param("redis://[::1]:7000", StoreUrl(host="::1", port=7000), id="IPv6"),
        pytest.param("redis://:p%40ss@cache", StoreUrl(host="cache", password="p@ss"), id="password"),
        pytest.param(
            "rediss://me:x@cache", StoreUrl(host="cache", user="me", password="x", tls=True), id="TLS and user"
        ),
        pytest.param("unix:///run/redis.sock?db=2", StoreUrl(path="/run/redis.sock", database=2), id="socket"),
    ],
)
def test_a_url_tells_where_and_as_whom(url, expected):
    assert StoreUrl.parse(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://cache", id="another scheme"),
        pytest.param("redis://", id="no host"),
        pytest.param("redis://[", id="half a host"),
        pytest.param("redis://cache:99999", id="port too high"),
        pytest.param("redis://cache:0", id="port 0"),
        pytest.param("redis://cache/first", id="a database that is no number"),
        pytest.param("unix://", id="no socket"),
    ],
)
def test_a_url_that_names_no_store_is_refused_without_being_repeated(url):
    with pytest.raises(StoreUrlError) as refused:
        StoreUrl.parse(url)
    assert "cache" not in str(refused.value)
