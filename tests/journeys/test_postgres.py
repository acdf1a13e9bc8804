"""PostgreSQL as an operator runs it: migrate, apply, serve; and what goes on when the database does not."""

import asyncio
import signal

import httpx
import pytest
from tests.journeys.conftest import SOON, until
from tests.journeys.wire import wire_to

from frontage.testing.harness import running, settings_for

BOUND = 15.0
"""Seconds within which every request is answered, even when the database says nothing at all."""


@pytest.fixture(scope="module")
def wire(postgres_server):
    with postgres_server.empty_database() as url, wire_to(url) as wire:
        yield wire


@pytest.fixture(scope="module")
def site(new_site, wire):
    site = new_site(wire.url)
    _, told = site.run("serve", code=1)
    assert "run frontage migrate first" in told
    site.run("migrate")
    site.run("tenants", "apply")
    return site


@pytest.fixture(scope="module")
def server(site):
    return site.serve()


@pytest.fixture(scope="module")
def keys(site):
    scopes = [word for scope in ("keys:write", "kitchen:read", "kitchen:write") for word in ("--scope", scope)]
    return {"secret": site.key(*scopes)["key"], "publishable": site.key(kind="publishable")["key"]}


def test_a_server_on_a_database_that_is_not_migrated_says_what_to_run(site):
    """It does not migrate by itself: that is a step of the deploy (seen when the site was made)."""
    assert site.run("migrate", "--check")[0] == "Everything is at its newest revision.\n"


def test_a_hang_up_says_that_applying_is_a_step_of_the_deploy(site, server):
    """Files that lie beside a production server are not applied behind the operator's back."""
    server.process.send_signal(signal.SIGHUP)
    (told,) = until(lambda: server.events("tenants.not_applied"), server.err.read_text)
    assert "frontage tenants apply is a step of the deploy" in told["reason"]


def test_demo_keys_are_refused(site):
    """They are printed and lie in a file: nothing for production."""
    assert "--demo makes keys that are printed" in site.run("serve", "--demo", code=1)[1]


def test_a_database_that_is_away_at_start_is_waited_for(site, wire):
    """Each try is told, then comes a clear error without the password, and exit code 69."""
    url = wire.url.replace("postgres@", "postgres:hidden-word@")
    wire.cut()
    try:
        out, err = site.run("serve", "--wait", "1", code=69, FRONTAGE_DATABASE_URL=url)
    finally:
        wire.mend()
    *waiting, end = err.splitlines()
    assert len(waiting) >= 2
    assert all(
        line.startswith("Waiting for the database at postgresql+asyncpg://postgres:***@127.0.0.1:") for line in waiting
    )
    assert end.startswith("The database at postgresql+asyncpg://postgres:***@")
    assert "does not answer: " in end
    assert "hidden-word" not in err
    assert out == ""


@pytest.mark.parametrize("way", ["cut", "freeze"])
def test_what_needs_no_database_goes_on_without_it(site, wire, server, keys, way):
    """Public hot routes answer as ever, the others with a problem that may be retried, and all of it recovers by itself."""
    secret, publishable = ({"X-API-Key": keys[kind]} for kind in ("secret", "publishable"))
    with httpx.Client(base_url=server.url, timeout=SOON) as client:
        for key in keys.values():
            until(lambda known=key: server.whoami(known).status_code == 200, server.err.read_text)
        assert client.get("/kitchen/api/v1/dishes", headers=secret).status_code == 200
        getattr(wire, way)()
        try:
            assert asyncio.run(answers(server.url, secret, publishable)) == {
                "live": 200,
                "ping": 204,
                "wish": 204,
                "whoami": 200,
                "dishes": 503,
                "menu": 503,
                "new dish": 503,
                "keys": 503,
                "new key": 503,
                "ready": 200,
            }
            refused = client.get("/account/api/v1/audit", headers=secret)
            assert refused.headers["content-type"] == "application/problem+json"
            assert refused.headers["retry-after"]
            assert refused.headers["ratelimit-remaining"]
            assert (refused.json()["error_code"], refused.json()["retryable"]) == ("unavailable", True)
            assert client.get("/health/ready").json()["degraded"] == ["the database does not answer"]
        finally:
            wire.mend()
        until(lambda: client.get("/kitchen/api/v1/dishes", headers=secret).status_code == 200, server.err.read_text)
        until(lambda: not client.get("/health/ready").json()["degraded"], server.err.read_text)
    made = site.key(tenant="bolt")["key"]
    until(lambda: server.whoami(made).status_code == 200, server.err.read_text)
    assert not server.events("request.failed"), "nobody was surprised"


@pytest.mark.parametrize("way", ["cut", "freeze"])
async def test_a_server_that_takes_no_events_is_not_ready_without_its_database(postgres_url, tmp_path, way):
    """There is nothing that it could keep meanwhile; it is ready again as soon as the database answers."""
    with wire_to(postgres_url) as wire:
        async with running(settings_for(wire.url, tmp_path), {"acme": 'name = "Acme"\nnumber = 1\n'}, []) as shop:
            assert (await shop.client.get("/health/ready")).status_code == 200
            getattr(wire, way)()
            told = await shop.client.get("/health/ready")
            assert (told.status_code, told.json()["reasons"]) == (503, ["the database does not answer"])
            wire.mend()
            assert (await shop.client.get("/health/ready")).status_code == 200


async def answers(url, secret, publishable):
    """The status of each request, by what it asks for; all at once, each within the bound."""
    wish, dish = {"dish": "soup"}, {"name": "soup", "price": 3}
    requests = {
        "live": ("GET", "/health/live", None, {}),
        "ping": ("POST", "/kitchen/api/v1/ping", wish, {}),
        "wish": ("POST", "/kitchen/api/v1/public/wishes", wish, publishable),
        "whoami": ("GET", "/account/api/v1/whoami", None, secret),
        "dishes": ("GET", "/kitchen/api/v1/dishes", None, secret),
        "menu": ("GET", "/kitchen/api/v1/public/menu", None, publishable),
        "new dish": ("POST", "/kitchen/api/v1/dishes", dish, secret),
        "keys": ("GET", "/account/api/v1/api-keys", None, secret),
        "new key": ("POST", "/account/api/v1/api-keys", {"kind": "secret"}, secret),
        "ready": ("GET", "/health/ready", None, {}),
    }
    async with httpx.AsyncClient(base_url=url, timeout=BOUND) as client:
        asked = [
            client.request(method, path, json=body, headers=headers)
            for method, path, body, headers in requests.values()
        ]
        told = await asyncio.gather(*asked, return_exceptions=True)
    assert not [name for name, answer in zip(requests, told, strict=True) if isinstance(answer, Exception)], told
    return {name: answer.status_code for name, answer in zip(requests, told, strict=True)}
