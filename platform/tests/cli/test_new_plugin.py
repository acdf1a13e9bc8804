"""`frontage plugins new` writes a plugin under any name, and says why when it cannot."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from frontage.cli.scaffold.writing import PACKAGE, template_files

RUFF = Path(sys.executable).with_name("ruff")
LONGEST = "a-plugin-with-the-longest-name-9"


def written(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_what_is_written_under_the_templates_own_name_is_the_template(fresh_desk):
    """So everything that is proved of the template is proved of what an author gets."""
    fresh_desk("plugins", "new", "loyalty-stamps")
    folder = fresh_desk.folder / "frontage-loyalty-stamps"
    assert written(folder) == [str(path.relative_to(PACKAGE)) for path in template_files()]
    assert all((folder / path.relative_to(PACKAGE)).read_bytes() == path.read_bytes() for path in template_files())


@pytest.mark.parametrize("slug", ["x", "wish-list", LONGEST])
def test_any_name_gives_a_package_that_is_clean(fresh_desk, slug):
    """Its own ruff finds nothing, however short or long the name; nothing of the template's name is left."""
    told = fresh_desk("plugins", "new", slug, "--dir", "made/here").out
    folder = fresh_desk.folder / "made" / "here" / f"frontage-{slug}"
    assert str(folder.relative_to(fresh_desk.folder)) in told
    texts = [path.read_text() for path in folder.rglob("*") if path.is_file()] + written(folder)
    left = ("loyalty-stamps", "loyalty_stamps", "LoyaltyStamps", "Loyalty stamps")
    assert not [text for text in texts if any(name in text for name in left)]
    project = tomllib.loads((folder / "pyproject.toml").read_text())
    package = f"frontage_{slug.replace('-', '_')}"
    assert project["project"]["entry-points"]["frontage.plugins"] == {slug: f"{package}.plugin:plugin"}
    for words in (["check"], ["format", "--check"]):
        subprocess.run([RUFF, *words, "--no-cache", "."], cwd=folder, check=True, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("Loyalty", "use lower-case words joined by hyphens", id="capitals"),
        pytest.param("loyalty_stamps", "use lower-case words joined by hyphens", id="underscores"),
        pytest.param("../up", "use lower-case words joined by hyphens", id="a path"),
        pytest.param("9-lives", "use lower-case words joined by hyphens", id="a digit first"),
        pytest.param("a" * 33, "at most 32 characters", id="too long"),
        pytest.param("core", "core belongs to the platform", id="the platform's tables"),
        pytest.param("health", "health belongs to the platform", id="the platform's path"),
        pytest.param("kitchen-sink", "frontage-kitchen-sink) is installed", id="a plugin that is installed"),
        pytest.param("kitchen", "would be called kitchen_…", id="before the tables of another"),
        pytest.param("kitchen-sink-2", "would be called kitchen_sink_…", id="among the tables of another"),
    ],
)
def test_a_name_that_cannot_be_is_refused_with_the_reason(fresh_desk, name, words):
    """Nothing is written then."""
    assert words in fresh_desk("plugins", "new", name, code=1).err
    assert not list(fresh_desk.folder.glob("frontage-*"))


def test_a_folder_that_exists_is_left_alone(fresh_desk):
    """Whatever lies there is somebody's work."""
    taken = fresh_desk.folder / "frontage-wish-list"
    taken.mkdir()
    (taken / "plugin.py").write_text("mine")
    assert "exists already" in fresh_desk("plugins", "new", "wish-list", code=1).err
    assert written(taken) == ["plugin.py"]
    shutil.rmtree(taken)
    fresh_desk("plugins", "new", "wish-list")
