"""`frontage plugins check PATH`: the same rules as the test class, told in three ways, with an exit code."""

import json
import os
import subprocess
import sys

import pytest
from broken_plugins import BREAKS, install
from installed import SUPPORT
from shelf import package_of

from frontage.testing.contract_rules import DECLARED_RULES, SERVED_RULES

RULES = {rule.id for rule in (*DECLARED_RULES, *SERVED_RULES)}
COMMAND = "import sys; from frontage.cli import main; main()"


@pytest.fixture
def check(tmp_path, postgres_server):
    """Judges the project in `project/`, on both databases; gives exit code, output and errors."""

    def check(*words):
        path = [str(tmp_path / "site"), str(SUPPORT), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path)}
        environment["FRONTAGE_TEST_DATABASE_URL"] = postgres_server.url
        command = [sys.executable, "-c", COMMAND, "plugins", "check", "project", *words]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    return check


def put(folder, slug, exempt=""):
    """A project whose plugin is installed."""
    install(folder / "site", slug, BREAKS[slug])
    (folder / "project").mkdir(exist_ok=True)
    points = f'[project.entry-points."frontage.plugins"]\n{slug} = "{package_of(slug)}.plugin:plugin"\n'
    values = '[tool.frontage.contract.values.nothing_card]\ncolour = "green"\n'
    (folder / "project" / "pyproject.toml").write_text(f"{points}[tool.frontage.contract.exempt]\n{exempt}\n{values}")


def test_a_plugin_that_keeps_everything_ends_with_zero(check, tmp_path):
    """Every rule is in the report, those of service once for each database; rows are made with the project's values."""
    put(tmp_path, "nothing")
    told = check("--format=json")
    assert told.returncode == 0, told.stdout + told.stderr
    (report,) = json.loads(told.stdout)
    assert (report["plugin"], report["version"], report["good"]) == ("nothing", "1.0.0", True)
    assert {rule["outcome"] for rule in report["rules"]} == {"kept"}
    seen = [(rule["id"], rule["engine"]) for rule in report["rules"]]
    assert len(seen) == len(set(seen))
    assert {name for name, _ in seen} == RULES
    assert {engine for _, engine in seen} == {None, "sqlite", "postgresql"}


def test_a_plugin_that_breaks_a_rule_ends_with_one_and_says_how_to_mend_it(check, tmp_path):
    """The three forms tell the same; what is exempt stands there with its reason."""
    put(tmp_path, "imports-a-floor", 'openapi-complete = "Nobody generates clients of it."')
    told = {form: check(f"--format={form}") for form in ("text", "github", "json")}
    assert {one.returncode for one in told.values()} == {1}, told["text"].stderr
    for part in (
        "imports-contract",
        "found: ",
        "fix: ",
        "more: plugins/README.md#imports-contract",
        "1 broken, 1 exempt",
    ):
        assert part in told["text"].stdout
    (error,) = [line for line in told["github"].stdout.splitlines() if line.startswith("::error")]
    assert error.startswith("::error file=pyproject.toml,title=imports-a-floor%3A imports-contract::")
    (notice,) = [line for line in told["github"].stdout.splitlines() if line.startswith("::notice")]
    assert notice.endswith("::exempt: Nobody generates clients of it.")
    (report,) = json.loads(told["json"].stdout)
    assert {rule["id"]: rule["reason"] for rule in report["rules"] if rule["outcome"] == "exempt"} == {
        "openapi-complete": "Nobody generates clients of it."
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(None, "has no pyproject.toml", id="no project"),
        pytest.param("[project", "cannot be read", id="no TOML"),
        pytest.param('[project]\nname = "x"\n', "declares no plugin", id="no plugin"),
    ],
)
def test_a_folder_that_holds_no_plugin_says_what_is_missing(check, tmp_path, text, words):
    """Without a traceback."""
    (tmp_path / "project").mkdir()
    if text is not None:
        (tmp_path / "project" / "pyproject.toml").write_text(text)
    told = check()
    assert told.returncode == 1
    assert words in told.stderr
    assert "Traceback" not in told.stderr


def test_a_plugin_that_is_not_installed_is_told_how_to_install_it(check, tmp_path):
    """The rules look at what pip has installed, as the host does."""
    put(tmp_path, "not-installed")
    told = check()
    assert told.returncode == 1
    assert "pip install -e ." in told.stdout
