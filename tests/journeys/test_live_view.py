"""A shop listens to its numbers while the server is stopped."""

import json
import threading

import httpx
import pytest
from tests.journeys.conftest import ACME, SOON, until

ANALYTICS = "[plugins.landing-analytics]\n"


@pytest.fixture(scope="module")
def site(new_site):
    site = new_site()
    site.write(acme=f"{ACME}{ANALYTICS}")
    return site


def test_a_stop_ends_what_a_shop_listens_to_at_once_and_cleanly(site):
    """An event is heard; after SIGTERM the answer is whole, nobody was cut off, and the server did not wait for it."""
    server = site.serve()
    key = site.key("--scope", "analytics:read")["key"]
    until(lambda: server.whoami(key).status_code == 200)
    with (
        httpx.Client(timeout=SOON) as client,
        client.stream("GET", f"{server.url}/analytics/api/v1/live", headers={"X-API-Key": key}) as answer,
    ):
        lines = (line for line in answer.iter_lines() if line.startswith("data: "))
        assert views(next(lines)) == 0
        httpx.post(f"{server.url}/api/analytics/track", json={"tenant_id": 1, "event_type": "pageview"}, timeout=SOON)
        assert views(next(lines)) == 1
        stopped = threading.Thread(target=server.stop)
        stopped.start()
        assert list(lines) == []
    stopped.join(SOON)
    assert server.process.returncode == 0
    assert not server.events("server.slow_clients_cut_off")
    assert [line for line in server.log if line.get("level") in {"warning", "error"}] == []


def views(line):
    return json.loads(line.removeprefix("data: "))["events"]["pageview"]
