"""The samples of deploy/ against their own schemas and tools, and against what the platform has: no typo waits there."""

import json
import re
import shutil
import subprocess
from importlib.metadata import entry_points
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from compose_spec import PyCompose

from frontage.base.settings import KNOWN
from frontage.cli.serve import serve
from frontage.edge.ordinary import gate_of
from frontage.edge.server import GRACEFUL_SECONDS
from frontage.testing.components import report_missing
from frontage.testing.harness import running, settings_for

DEPLOY = Path(__file__).parents[2] / "deploy"
COMPOSE = (DEPLOY / "compose.yaml").read_text()
MANIFESTS = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()))
ALERTS = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text())
DASHBOARD = json.loads((DEPLOY / "grafana" / "frontage.json").read_text())
UNITS = sorted((DEPLOY / "systemd").iterdir())
TEXTS = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
PYTHON_METRICS = {"process_resident_memory_bytes", "process_cpu_seconds_total"}


def of_kind(kind):
    return next(one for one in MANIFESTS if one["kind"] == kind)


def container():
    return of_kind("StatefulSet")["spec"]["template"]["spec"]["containers"][0]


def seconds(text):
    return int(re.fullmatch(r"(\d+)s", text)[1])


def drain_of(words):
    return int(words[words.index("--drain") + 1])


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load(COMPOSE)


def test_compose_fits_the_compose_specification():
    """By the specification's own reader, which refuses what it does not know."""
    read = PyCompose.from_json(json.dumps(yaml.safe_load(COMPOSE)))
    assert read.validate() is None
    assert {"database", "limits", "migrate", "tenants", "app-1", "app-2", "caddy"} <= set(read.service_names())


def test_compose_names_no_file_or_volume_that_is_missing(compose):
    for service in compose["services"].values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (DEPLOY / source).exists() if source.startswith(".") else source in compose["volumes"], source


def test_compose_asks_for_no_word_that_the_example_lacks(compose):
    given = {
        line.partition("=")[0] for line in (DEPLOY / "compose.env.example").read_text().splitlines() if "=" in line
    }
    assert set(re.findall(r"\$\{(\w+)", COMPOSE)) <= given


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda one: one["kind"])
def test_a_manifest_fits_the_schema_of_kubernetes(manifest):
    kubernetes_validate.validate(manifest, "1.31", strict=True)


def test_probes_ask_what_there_is_and_a_budget_keeps_one_host():
    paths = {name: probe["httpGet"]["path"] for name, probe in container().items() if name.endswith("Probe")}
    assert paths == {"startupProbe": "/health/live", "livenessProbe": "/health/live", "readinessProbe": "/health/ready"}
    assert of_kind("PodDisruptionBudget")["spec"]["minAvailable"] < of_kind("StatefulSet")["spec"]["replicas"]


def test_whoever_stops_a_host_waits_longer_than_it_drains(compose):
    """Drain, what is under way, and five seconds for the queues."""
    kubernetes = of_kind("StatefulSet")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    assert kubernetes >= drain_of(container()["args"]) + GRACEFUL_SECONDS + 5
    image = next(line for line in (DEPLOY / "Containerfile").read_text().splitlines() if line.startswith("CMD"))
    words = json.loads(image.removeprefix("CMD "))
    assert seconds(compose["x-app"]["stop_grace_period"]) >= drain_of(words) + GRACEFUL_SECONDS + 5
    unit = (DEPLOY / "systemd" / "frontage.service").read_text()
    drain = int(re.search(r"--drain (\d+)", unit)[1])
    assert int(re.search(r"TimeoutStopSec=(\d+)", unit)[1]) >= drain + GRACEFUL_SECONDS + 5


def test_nginx_lets_go_of_connections_before_a_host_that_drains_closes_them():
    """Or a request could be on its way over a connection while it is closed, and nginx sends no POST twice."""
    kept = re.search(r"keepalive 64;[^}]*keepalive_timeout (\d+)s;", (DEPLOY / "nginx" / "frontage.conf").read_text())
    unit = (DEPLOY / "systemd" / "frontage.service").read_text()
    assert int(kept[1]) < int(re.search(r"--drain (\d+)", unit)[1])


def test_commands_and_settings_in_the_samples_exist():
    """Options of serve, subcommands, and every FRONTAGE_ word that is not the sample's own."""
    (script,) = entry_points(group="console_scripts", name="frontage")
    commands = set(script.load().__globals__["_COMMANDS"])
    own = {"FRONTAGE_SITE", "FRONTAGE_UPSTREAMS"}
    options = {option for parameter in serve.params for option in parameter.opts}
    for path in TEXTS:
        text = path.read_text()
        assert set(re.findall(r"\bFRONTAGE_[A-Z_]+[A-Z]\b", text)) <= {*KNOWN, *own}, path
        assert set(re.findall(r"bin/frontage (\w+)", text)) <= commands, path
        for line in re.findall(r"\bserve\b.*--.*", text):
            assert set(re.findall(r"(?<![\w-])--[a-z]+", line)) <= options, (path, line)


def test_nginx_takes_its_sample(tmp_path):
    """By `nginx -t`, inside an http block as conf.d is."""
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if nginx is None:
        report_missing("nginx", "apt install nginx-light")
    whole = tmp_path / "nginx.conf"
    whole.write_text(
        f"pid {tmp_path}/pid; error_log stderr;\nevents {{}}\nhttp {{ include {DEPLOY}/nginx/frontage.conf; }}\n"
    )
    tested = subprocess.run(
        [nginx, "-t", "-q", "-p", tmp_path, "-c", whole], capture_output=True, text=True, check=False
    )
    assert (tested.returncode, tested.stderr) == (0, "")


@pytest.fixture(scope="module")
def caddy(tmp_path_factory):
    """Asks caddy to do something with its sample, as it would run in production."""
    program = shutil.which("caddy")
    if program is None:
        report_missing("caddy", "apt install caddy")
    home = tmp_path_factory.mktemp("caddy")
    environment = {
        "HOME": str(home),
        "FRONTAGE_SITE": "edge.example.com",
        "FRONTAGE_UPSTREAMS": "10.0.0.11:1 10.0.0.12:1",
    }

    def ask(*words):
        words = [program, *words, "--config", DEPLOY / "caddy" / "Caddyfile", "--adapter", "caddyfile"]
        return subprocess.run(words, env=environment, capture_output=True, text=True, check=False, timeout=60)

    return ask


def test_caddy_takes_its_sample(caddy):
    """By `caddy validate`, which also makes every part of it; nothing in it is written in a way that caddy warns of."""
    validated = caddy("validate")
    assert validated.returncode == 0, validated.stderr
    assert "Valid configuration" in validated.stdout + validated.stderr
    assert '"level":"warn"' not in caddy("adapt").stderr


def test_caddy_sends_to_both_hosts_and_keeps_the_numbers_inside(caddy):
    """What its sample means to it: two upstreams that are asked whether they are ready, and no way to /metrics."""
    told = caddy("adapt").stdout
    (proxy,) = found(json.loads(told), "handler", "reverse_proxy")
    assert [one["dial"] for one in proxy["upstreams"]] == ["10.0.0.11:1", "10.0.0.12:1"]
    assert proxy["health_checks"]["active"]["uri"] == "/health/ready"
    (inside,) = found(json.loads(told), "handler", "static_response")
    assert inside["status_code"] == 404
    assert told.index('"static_response"') < told.index('"reverse_proxy"')


def found(thing, name, value):
    """Every object inside that has this member."""
    inner = thing.values() if isinstance(thing, dict) else thing if isinstance(thing, list) else ()
    here = [thing] if isinstance(thing, dict) and thing.get(name) == value else []
    return here + [one for part in inner for one in found(part, name, value)]


async def test_a_balancer_takes_the_largest_body_that_a_route_takes(tmp_path):
    """An import of places that the platform would take is not refused on its way."""
    settings = settings_for(f"sqlite+aiosqlite:///{tmp_path}/frontage.db", tmp_path)
    async with running(settings, {"acme": 'name = "Acme"\nnumber = 1\n'}) as shop:
        gates = [gate_of(handler) for entry in shop.platform.services.roster.serving for handler in entry.ordinary]
    largest = max(gate.cap for gate in gates if gate is not None)
    nginx, caddyfile = (DEPLOY / name for name in ("nginx/frontage.conf", "caddy/Caddyfile"))
    assert int(re.search(r"client_max_body_size (\d+)m;", nginx.read_text())[1]) * 2**20 == largest
    assert int(re.search(r"max_size (\d+)MiB", caddyfile.read_text())[1]) * 2**20 == largest


def test_systemd_takes_its_units(tmp_path):
    """By `systemd-analyze verify`; that nothing is installed in /opt on this machine is all it may say."""
    tool = shutil.which("systemd-analyze")
    if tool is None:
        report_missing("systemd", "apt install systemd")
    for unit in UNITS:
        shutil.copy(unit, tmp_path)
    verified = subprocess.run(
        [tool, "verify", "--man=no", *(tmp_path / unit.name for unit in UNITS)],
        capture_output=True,
        text=True,
        check=False,
    )
    told = [line for line in verified.stderr.splitlines() if any(unit.name in line for unit in UNITS)]
    assert [line for line in told if "/opt/frontage/bin/frontage is not executable" not in line] == []


def metrics_in(expression):
    return set(re.findall(r"\b(?:frontage|process)_[a-z_]+", expression))


def expressions():
    for group in ALERTS["groups"]:
        yield from (rule["expr"] for rule in group["rules"])
    for panel in DASHBOARD["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    yield from (one["query"] for one in DASHBOARD["templating"]["list"] if one["type"] == "query")


async def test_alerts_and_dashboard_ask_for_metrics_that_exist(tmp_path, redis_server):
    """Every name in an expression is one that a running platform tells."""
    settings = settings_for(f"sqlite+aiosqlite:///{tmp_path}/frontage.db", tmp_path, redis_url=redis_server.url)
    async with running(settings, {"acme": 'name = "Acme"\nnumber = 1\n'}) as shop:
        text = (await shop.client.get("/metrics")).text
    kinds = dict(re.findall(r"# TYPE (\w+) (\w+)", text))
    suffixes = {"counter": ("",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
    known = {name + suffix for name, kind in kinds.items() for suffix in suffixes[kind]} | PYTHON_METRICS
    asked = {name for expression in expressions() for name in metrics_in(expression)}
    assert len(asked) > 10
    assert asked <= known
