"""The embedded mode as a newcomer meets it: one server, from its first start to its stop."""

import json
import re
import signal
import socket
import stat
import subprocess

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.journeys.conftest import ACME, BOLT, SOON, until

from frontage.testing.harness import running, settings_for


@pytest.fixture(scope="module")
def site(new_site):
    return new_site()


@pytest.fixture(scope="module")
def server(site):
    return site.serve("--demo")


@pytest.fixture(scope="module")
def demo(site, server):
    """The demo keys by tenant."""
    return {one["tenant"]: one for one in json.loads((site.var / "demo-keys.json").read_text())}


def test_a_server_prints_where_it_is_and_what_to_try(site, server, demo):
    """URLs, tenants and their keys; the curl line works when a shell runs it as printed."""
    printed = server.out.read_text()
    assert printed.count(server.url) >= 4
    for one in demo.values():
        assert f"{one['name']} ({one['tenant']})" in printed
        assert one["publishable"] in printed
        assert one["secret"] in printed
    command = next(line for line in printed.splitlines() if "curl" in line).strip()
    ran = subprocess.run(["sh", "-c", f"{command} --silent --fail"], capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout)["tenant"]["slug"] == "acme"


def test_plugins_show_something_at_a_demo_and_their_faults_stop_nobody(server, demo):
    """The kitchen sink puts a dish on the menu of who has it, and then fails."""
    menu = httpx.get(
        f"{server.url}/kitchen/api/v1/public/menu", params={"key": demo["acme"]["publishable"]}, timeout=SOON
    )
    assert "Soup of the day" in menu.text
    assert "plugin.demo_failed" in server.out.read_text() + server.err.read_text()


def test_every_printed_url_answers(server):
    """No line of the greeting sends anybody nowhere."""
    urls = set(re.findall(r"http://[^\s']+", server.out.read_text())) - {f"{server.url}/account/api/v1/whoami"}
    assert len(urls) == 5
    assert {url: httpx.get(url, timeout=SOON).status_code for url in urls - {server.url}} == dict.fromkeys(
        urls - {server.url}, 200
    )


def test_demo_keys_are_for_their_owner_alone_and_work(site, server, demo):
    """Each tenant has one of each kind, with what a page and a server need."""
    assert stat.S_IMODE((site.var / "demo-keys.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(site.var.stat().st_mode) == 0o700
    assert set(demo) == {"acme", "bolt"}
    for slug, one in demo.items():
        for kind in ("secret", "publishable"):
            told = server.whoami(one[kind]).json()
            assert (told["tenant"]["slug"], told["kind"]) == (slug, kind)
    assert "keys:write" in server.whoami(demo["acme"]["secret"]).json()["scopes"]


def test_a_second_start_has_the_same_keys_and_a_taken_port_is_told(site, server, demo):
    """A port that is taken is a mistake of the configuration, with the fix; nobody is greeted, no key is made anew."""
    out, err = site.run("serve", "--demo", "--port", server.port, code=78)
    assert f"frontage serve: port: {server.port}; expected a free port of 127.0.0.1. Stop the program" in err
    assert "choose another port with PORT=… or --port" in err
    assert out == ""
    assert {one["tenant"]: one for one in json.loads((site.var / "demo-keys.json").read_text())} == demo


def test_a_hang_up_applies_the_files_again(site, server, demo):
    """A new tenant is there, a changed name is seen, without a restart."""
    site.write(acme=ACME.replace('"Acme"', '"Acme Ltd"'), bolt=BOLT, cork='name = "Cork"\nnumber = 3\n')
    server.process.send_signal(signal.SIGHUP)
    until(lambda: server.whoami(demo["acme"]["secret"]).json()["tenant"]["name"] == "Acme Ltd", server.err.read_text)
    made = site.key(tenant="cork")
    until(lambda: server.whoami(made["key"]).status_code == 200, server.err.read_text)
    applied = len(server.events("tenants.applied"))
    site.write(acme=ACME, bolt=BOLT)
    server.process.send_signal(signal.SIGHUP)
    until(lambda: len(server.events("tenants.applied")) > applied, server.err.read_text)
    until(lambda: server.whoami(made["key"]).status_code == 401, server.err.read_text)


def test_a_wrong_file_at_a_hang_up_changes_nothing(site, server, demo):
    """All its errors stand in the log, the right files beside it are not applied either, and the server serves on."""
    already = len(server.events("tenants.not_applied"))
    site.write(
        acme=ACME.replace('"Acme"', '"Other"'), bolt='name = "Bolt"\nnumber = "two"\ncurrency = "euro"\ncolour = 1\n'
    )
    server.process.send_signal(signal.SIGHUP)
    until(lambda: len(server.events("tenants.not_applied")) > already, server.err.read_text)
    told = server.events("tenants.not_applied")[-1]["reason"]
    assert all(f"bolt.toml: {key}: " in told for key in ("number", "currency", "colour"))
    assert server.whoami(demo["acme"]["secret"]).json()["tenant"]["name"] == "Acme"
    assert server.whoami(demo["bolt"]["secret"]).status_code == 200
    site.write(acme=ACME, bolt=BOLT)


def test_files_that_vanish_at_a_hang_up_suspend_nobody(site, server, demo):
    """A folder that is empty by mistake does not close every shop; the log names the way to mean it."""
    already = len(server.events("tenants.not_applied"))
    site.write()
    server.process.send_signal(signal.SIGHUP)
    until(lambda: len(server.events("tenants.not_applied")) > already, server.err.read_text)
    assert "--allow-suspend" in server.events("tenants.not_applied")[-1]["reason"]
    assert server.whoami(demo["bolt"]["secret"]).status_code == 200
    site.write(acme=ACME, bolt=BOLT)


def test_a_request_tells_in_the_log_who_asked_for_what(server, demo):
    """Request id, tenant, plugin and the prefix of the key, in one line of JSON."""
    headers = {"X-API-Key": demo["acme"]["secret"], "X-Request-Id": "look-for-me"}
    assert (
        httpx.get(f"{server.url}/kitchen/api/v1/dishes", headers=headers, timeout=SOON).headers["x-request-id"]
        == "look-for-me"
    )
    (line,) = until(lambda: [line for line in server.log if line.get("request_id") == "look-for-me"])
    told = {name: line[name] for name in ("event", "tenant", "plugin", "key", "status", "route", "method")}
    assert told == {
        "event": "request",
        "tenant": "acme",
        "plugin": "kitchen-sink",
        "key": demo["acme"]["secret"][:12],
        "status": 200,
        "route": "/kitchen/api/v1/dishes",
        "method": "GET",
    }


CANARY = "canary"


def test_no_key_no_address_and_no_query_reaches_a_log(site, server, demo):
    """Whatever carries them, answered or refused, well-formed or not: neither stream has them afterwards."""
    printed = server.out.read_text()
    secret, publishable = demo["acme"]["secret"], demo["acme"]["publishable"]
    wrong = secret[:-1] + ("0" if secret[-1] != "0" else "1")
    addresses = ("203.0.113.77", "2001:db8:1234:5678::77")
    queries = [f"lat=14.0818{CANARY}", f"key={publishable}", f"key={secret}", f"token={CANARY}-token", f"page={CANARY}"]
    paths = [
        "/kitchen/api/v1/public/menu",
        "/kitchen/api/v1/dishes",
        "/account/api/v1/whoami",
        f"/account/api/v1/api-keys/{secret}",
        "/nowhere",
        "/health/ready",
    ]
    with httpx.Client(base_url=server.url, timeout=SOON) as client:
        for path in paths:
            for query in queries:
                for key in (secret, wrong):
                    headers = {
                        "X-API-Key": key,
                        "X-Forwarded-For": ", ".join(addresses),
                        "X-Visitor-Address": addresses[0],
                        "Referer": f"https://shop.example/?{CANARY}-referrer",
                        "User-Agent": f"{CANARY}-agent {secret}",
                        "Cookie": f"{CANARY}-cookie={secret}",
                        "X-Request-Id": secret,
                    }
                    client.get(f"{path}?{query}", headers=headers)
        client.post(f"/kitchen/api/v1/bell?token={secret}", content=f'{{"dish": "{CANARY}-{secret}"}}')
        client.post("/kitchen/api/v1/orders", content=b"\xff" + secret.encode())
    until(lambda: any(line.get("route") == "unmatched" for line in server.log))
    logs = server.err.read_text() + server.out.read_text().removeprefix(printed)
    assert server.log
    for word in (secret, wrong, publishable, secret[12:], CANARY, "14.0818", *addresses, "2001:db8", "127.0.0.1:"):
        assert word not in logs
    assert secret[:12] in logs


def test_the_numbers_are_prometheus_and_name_no_tenant_and_no_key(server, demo):
    """They parse, count by route and plugin, and have no label by which a shop could be told."""
    for _ in range(2):
        server.whoami(demo["acme"]["secret"])
        httpx.get(f"{server.url}/kitchen/api/v1/public/menu?key={demo['acme']['publishable']}", timeout=SOON)
    text = httpx.get(f"{server.url}/metrics", timeout=SOON).text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    samples = {
        (sample.labels["plugin"], sample.labels["route"], sample.labels["status"]): sample.value
        for sample in families["frontage_requests"].samples
        if sample.name == "frontage_requests_total"
    }
    assert samples["core", "/account/api/v1/whoami", "200"] >= 2
    assert samples["kitchen-sink", "/kitchen/api/v1/public/menu", "200"] >= 2
    labels = {name for family in families.values() for sample in family.samples for name in sample.labels}
    assert not labels & {"tenant", "key", "address"}
    assert all(word not in text for word in ("acme", "Acme", "bolt", "csb_", "cpk_"))
    buckets = [one for one in families["frontage_request_seconds"].samples if one.labels.get("le") == "+Inf"]
    assert buckets


def test_a_stop_answers_what_is_in_flight(new_site):
    """SIGTERM: the door is shut, the running request gets its answer all the same, and the exit code is 0."""
    server = new_site().serve()
    body = b'{"dish": "soup"}'
    head = (
        f"POST /kitchen/api/v1/ping HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), timeout=SOON) as connection:
        connection.sendall(head.encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 100"), "the request runs and waits for its body"
        server.process.terminate()
        until(lambda: server.status("/health/live") == 0)
        connection.sendall(body)
        assert connection.recv(65536).startswith(b"HTTP/1.1 204")
    assert server.process.wait(SOON) == 0
    assert server.events("server.stopped")


async def test_who_drains_is_not_ready_but_alive(sqlite_url, tmp_path):
    """The balancer is told to send nothing more, and the supervisor that there is nothing to restart."""
    async with running(settings_for(sqlite_url, tmp_path), {"acme": 'name = "Acme"\nnumber = 1\n'}, []) as shop:
        assert (await shop.client.get("/health/ready")).status_code == 200
        shop.platform.drain()
        told = await shop.client.get("/health/ready")
        assert (told.status_code, told.json()["reasons"]) == (503, ["draining"])
        assert (await shop.client.get("/health/live")).status_code == 200
