"""Installing and uninstalling a plugin takes pip and a restart, and nothing else."""

import json
import shutil
import subprocess
import sys
import venv

import pytest
from installed import KITCHEN_SINK
from shelf import Shelf

PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "frontage-kitchen-sink"
version = "1.2.0"
dependencies = ["frontage>=1,<2"]

[project.entry-points."frontage.plugins"]
kitchen-sink = "frontage_kitchen_sink.plugin:plugin"
"""


def run(python, *words, **options):
    subprocess.run([python, "-m", *map(str, words)], check=True, capture_output=True, timeout=100, **options)


@pytest.fixture
def wheel(tmp_path):
    """The kitchen sink as its author would publish it."""
    project = tmp_path / "project"
    skipped = shutil.ignore_patterns("__pycache__")
    shutil.copytree(KITCHEN_SINK, project, ignore=skipped)
    (project / "pyproject.toml").write_text(PROJECT)
    run(sys.executable, "hatchling", "build", "-t", "wheel", "-d", tmp_path / "dist", cwd=project)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    return wheel


def listed(site, folder):
    environment = Shelf(site).environment(folder)
    environment["PYTHONPATH"] = environment["PYTHONPATH"].replace(str(KITCHEN_SINK), str(site))
    process = Shelf(site).begin(environment, "plugins", "list", "--json")
    said, log = process.communicate(timeout=60)
    assert process.returncode == 0, log
    return {one["slug"]: one for one in json.loads(said)}


def test_the_list_of_plugins_follows_pip(wheel, tmp_path):
    """With a pip of its own, because the environment of the tests may have been made without one."""
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    (site,) = tmp_path.glob("venv/lib/python*/site-packages")
    run(python, "pip", "install", "--no-deps", "--no-index", "--disable-pip-version-check", wheel)
    found = listed(site, tmp_path)["kitchen-sink"]
    assert (found["stage"], found["version"]) == ("serving", "1.2.0")
    assert found["paths"] == ["/kitchen/api/v1", "/kitchen/{shop}/menu"]
    run(python, "pip", "uninstall", "--yes", "frontage-kitchen-sink")
    assert "kitchen-sink" not in listed(site, tmp_path)
