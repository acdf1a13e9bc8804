"""What bandit finds in the source, less what was looked at and is as it should be."""

import json
import subprocess
import sys
from pathlib import Path

EXPLAINED = {
    ("B101", ""): "assert states what a type checker cannot see; nothing depends on one for its safety",
    ("B105", ""): "words that only resemble passwords: names of columns, texts for readers",
    ("B106", ""): "names of scopes, given as words of a declaration",
    ("B311", ""): "spreads jobs and demo events; no secret comes of it",
    ("B608", "intake/queries.py"): "names of tables are the declaration's, vetted; every value is bound",
    ("B608", "intake/retention.py"): "names of tables are the declaration's, vetted; every value is bound",
    ("B608", "nearby/postgis.py"): "composed of constants of the same file; every value is bound",
}
"""The reason by bandit's test and the end of the path; an empty one is anywhere."""
SOURCES = ("platform/src", "plugins")


def unexplained(root: Path) -> list[str]:
    """Findings that nobody has explained, and explanations of what is no longer there."""
    command = [sys.executable, "-m", "bandit", "-q", "-r", *SOURCES, "-x", "*/tests/*,*/testing/*", "-f", "json"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    found = [(one["test_id"], one["filename"], one["line_number"]) for one in json.loads(done.stdout)["results"]]
    needed = {(test, end) for test, path, _ in found for of, end in EXPLAINED if of == test and path.endswith(end)}
    told = [
        f"{path}:{line} {test} is not explained"
        for test, path, line in found
        if not any(of == test and path.endswith(end) for of, end in EXPLAINED)
    ]
    return told + [f"{test} {end or 'anywhere'} needs no explanation" for test, end in set(EXPLAINED) - needed]
