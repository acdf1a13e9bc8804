"""Three workers behind one port: each knows every key at once, admits its share, and goes with its parent."""

import os
import signal
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest
from tests.journeys.conftest import ACME, BOLT, SOON, free_port, until

WORKERS = 3
PROMPT = 5.0
"""Seconds within which a change is seen by every worker, on a machine however busy; the promise is one second."""
WHOAMI = "/account/api/v1/whoami"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def site(request, new_site):
    if request.param == "sqlite":
        yield new_site()
        return
    with request.getfixturevalue("postgres_server").empty_database() as url:
        site = new_site(url)
        site.run("migrate")
        site.run("tenants", "apply")
        yield site
        for server in site.servers:
            server.kill()


@pytest.fixture(scope="module")
def server(site):
    return site.serve("--workers", WORKERS)


@pytest.fixture(scope="module")
def known(site, server):
    """A key that exists from the start."""
    return site.key()["key"]


@pytest.fixture(scope="module")
def connections(server, known):
    """A connection to each worker, kept alive; which is whose, its log tells."""
    with ExitStack() as stack:
        found = {}
        for number in range(300):
            client = stack.enter_context(httpx.Client(base_url=server.url, timeout=SOON))
            client.get(WHOAMI, headers={"X-API-Key": known, "X-Request-Id": f"find-{number}"})
            (line,) = until(
                lambda name=f"find-{number}": [line for line in server.log if line.get("request_id") == name]
            )
            found.setdefault(line["worker"], client)
            if len(found) == WORKERS:
                break
        assert len(found) == WORKERS, "one worker never got a connection"
        yield list(found.values())


def seconds_until(connections, key, status):
    """How long it takes each worker to answer a key like this, at most what is prompt."""
    began, taken = time.monotonic(), []
    for connection in connections:
        while connection.get(WHOAMI, headers={"X-API-Key": key}).status_code != status:
            if time.monotonic() - began > PROMPT:
                break
            time.sleep(0.02)
        taken.append(time.monotonic() - began)
    return taken


def test_every_worker_knows_of_a_change_at_once(site, connections):
    """A key that the command line has made is taken by all of them, and refused by all once it is revoked."""
    made = site.key()
    taken = seconds_until(connections, made["key"], 200)
    assert max(taken) < PROMPT, f"the slowest worker took a new key after {max(taken):.2f} s"
    site.run("keys", "revoke", made["id"])
    taken = seconds_until(connections, made["key"], 401)
    assert max(taken) < PROMPT, f"the slowest worker refused a revoked key after {max(taken):.2f} s"


def test_each_worker_admits_its_share(site, server, connections):
    """Ten an hour among three are three each, which the headers say too; the log says that quotas are divided."""
    made = site.key("--policy", "10;w=3600")["key"]
    seconds_until(connections, made, 200)
    statuses = []
    for connection in connections:
        answers = [connection.get(WHOAMI, headers={"X-API-Key": made}) for _ in range(5)]
        statuses += [answer.status_code for answer in answers]
        assert {answer.headers["ratelimit-limit"] for answer in answers} == {"3"}
        assert answers[-1].status_code == 429
    assert statuses.count(200) <= 9
    assert [line["processes"] for line in server.events("limits.shared")] == [WORKERS]


def test_a_quota_smaller_than_the_number_of_workers_is_refused_at_start(new_site):
    """All of them are listed: a plugin's, a tenant's and a key's; nobody serves."""
    site = new_site()
    site.write(acme=ACME, bolt=BOLT + '[policies]\npublishable = ["5;w=1", "700;w=60"]\n')
    site.run("tenants", "apply")
    key = site.key("--policy", "4;w=60")
    out, err = site.run("serve", "--workers", "6", "--port", free_port(), code=78)
    told = [
        line for line in err.splitlines() if "expected a quota of at least 6. Raise it, or run fewer processes." in line
    ]
    assert len(told) == 3, err
    assert "  plugin kitchen-sink: kitchen-sink.unknown: '5;w=60';" in err
    assert "  tenant bolt: publishable: '5;w=1';" in err
    assert f"  tenant acme: key {key['prefix']}: '4;w=60';" in err
    assert out == ""


def test_workers_end_with_a_parent_that_is_killed(new_site):
    """Nobody would stop them any more, so they stop by themselves and give the port back."""
    server = new_site().serve("--workers", 2)
    pids = [line["pid"] for line in server.events("worker.started")]
    assert len(pids) == 2
    os.kill(server.process.pid, signal.SIGKILL)
    until(lambda: not any(map(is_running, pids)), server.err.read_text)
    assert server.status("/health/live") == 0


def is_running(pid):
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
