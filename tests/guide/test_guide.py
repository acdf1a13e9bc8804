"""The author's guide is true: its tables are the code's, and its plugin works, from the first route to the last."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest
from shelf import open_shelf
from tests.guide.generated import BLOCKS, GUIDE, written

import frontage.plugin as contract
from frontage.cli import frontage
from frontage.testing.contract_rules import DECLARED_RULES, SERVED_RULES
from frontage.testing.harness import running, settings_for

TEXT = GUIDE.read_text()
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# ([\w./-]+)(?:, further down)?\n")
METADATA = "Metadata-Version: 2.1\nName: frontage-guest-book\nVersion: 1.0.0\nRequires-Dist: frontage>=1,<2\n"
FIRST = TEXT.index("## The declaration")
"""Where the first chapter ends, after which there is a served route."""


def blocks(language: str, text: str = TEXT) -> list[str]:
    return [body for kind, body in FENCE.findall(text) if kind == language]


def write_project(folder: Path, text: str) -> Path:
    """The files of the guide, a later one in place of an earlier one of its name; gives the folder of the sources."""
    for language in ("toml", "python"):
        for body in blocks(language, text):
            named = FILE.match(body)
            if named is None:
                continue
            path = folder / named[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(path.read_text() + body if "further down" in body.splitlines()[0] else body)
    info = folder / "src" / "frontage_guest_book-1.0.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(METADATA)
    points = tomllib.loads((folder / "pyproject.toml").read_text())["project"]["entry-points"]["frontage.plugins"]
    told = "".join(f"{slug} = {place}\n" for slug, place in points.items())
    (info / "entry_points.txt").write_text(f"[frontage.plugins]\n{told}")
    return folder / "src"


def test_the_tables_are_those_of_the_code():
    """What a table says was read from the code a moment ago."""
    assert written(TEXT) == TEXT, "run: python -m tests.guide"
    assert all(f"<!-- generated: {name} -->" in TEXT for name in BLOCKS)


def test_a_stale_table_is_noticed():
    """The comparison above can fail."""
    assert written(TEXT.replace("| `slug` |", "| `snail` |")) == TEXT != TEXT.replace("| `slug` |", "| `snail` |")


def test_every_rule_has_its_page_and_every_name_its_sentence():
    """A verdict points to an anchor; no row of a table is empty."""
    for rule in (*DECLARED_RULES, *SERVED_RULES):
        assert f"\n#### {rule.id}\n" in TEXT
        assert rule.page == f"plugins/README.md#{rule.id}"
    assert all(f"\n| `{name}` | " in TEXT for name in contract.__all__)
    told = [line.split("|") for line in TEXT.splitlines() if line.startswith("| `")]
    assert not [cells for cells in told if not cells[-2].strip()]


async def test_the_first_chapter_ends_with_a_served_route(sqlite_url, tmp_path):
    """Four files, and a page is greeted."""
    source = write_project(tmp_path, TEXT[:FIRST])
    acme = (tmp_path / "tenants" / "acme.toml").read_text()
    with open_shelf(source) as shelf:
        async with running(
            settings_for(sqlite_url, tmp_path / "data"), {"acme": acme}, shelf.find("guest-book")
        ) as site:
            key = await site.key("acme", "publishable")
            (path,) = re.findall(r"http://127.0.0.1:8000(/[^?]*)\?key=", "".join(blocks("sh", TEXT[:FIRST])))
            answer = await site.client.get(f"{path}?key={key}")
    assert (answer.status_code, answer.json()) == (200, {"words": "Welcome to Acme."})


def test_the_whole_plugin_keeps_every_rule_and_its_tests_pass(tmp_path, postgres_server):
    """As its author runs them, on both databases, with the exemption that the guide shows."""
    source = write_project(tmp_path, TEXT)
    environment = {**os.environ, "PYTHONPATH": str(source), "FRONTAGE_TEST_DATABASE_URL": postgres_server.url}
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-rs", "-W", "error"]
    told = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout[-4000:]
    assert "is exempt: The book is printed whole for the archive." in told.stdout
    assert re.search(r"\b2 skipped", told.stdout), told.stdout[-2000:]


@pytest.mark.parametrize(
    "body", [body for body in blocks("python") if not FILE.match(body)], ids=lambda body: body[-30:-1]
)
def test_a_snippet_runs(body):
    """What stands alone runs alone."""
    exec(compile(body, str(GUIDE), "exec"), {"__name__": "snippet"})


@pytest.mark.parametrize(
    "line", [line for body in blocks("sh") for line in body.splitlines() if line.startswith("frontage ")]
)
def test_a_command_line_is_one_that_exists(line):
    """Every command and option of the guide is known."""
    command, words = frontage, line.split()[1:]
    with click.Context(frontage) as context:
        while isinstance(command, click.Group):
            found = command.get_command(context, words.pop(0))
            assert found is not None, line
            command = found
        command.make_parser(context).parse_args([word for word in words if word != "…"])


def test_the_slug_of_the_guide_is_free():
    """Nobody who follows it meets a plugin of that name."""
    assert "guest-book" not in json.dumps([path.name for path in GUIDE.parent.iterdir()])
