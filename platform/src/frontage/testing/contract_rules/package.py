"""Rules about a plugin's package: what importing it costs, and what it imports."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from frontage.testing import _import_probe
from frontage.testing.rule import Finding, rule
from frontage.testing.subject import Subject


@rule(
    "import-light",
    "Importing its declaration writes nothing, connects to nothing, starts nothing, and loads nothing heavy.",
    reason="The host reads every declaration at every start, for every command, before it trusts a plugin at all.",
)
def import_light(subject: Subject) -> Iterator[Finding]:
    """Import it in a process of its own, under an audit hook."""
    assert subject.plugin
    module = subject.candidate.entry_point.module
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, str(_import_probe.__file__), module]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    if told.returncode:
        reason = (told.stderr.strip() or "no reason").splitlines()[-1]
        yield Finding(f"{module} cannot be imported by itself: {reason}", "Import everything that it needs.")
        return
    cost = json.loads(told.stdout.splitlines()[-1])
    for name in cost["heavy"]:
        fix = 'Import it where it is used, and name heavy parts as "package.module:attribute".'
        yield Finding(f"Importing {module} loads {name}.", fix)
    for deed in cost["deeds"]:
        yield Finding(f"Importing {module} does {deed}.", "Do it in start= or in a job.")


@rule(
    "imports-contract",
    "Of the platform it imports frontage.plugin alone; its tests also frontage.testing.",
    reason="These two keep their promises from version to version; everything behind them changes without notice.",
)
def imports_contract(subject: Subject) -> Iterator[Finding]:
    """Read every import of every file of the package."""
    folder = subject.folder
    for path in sorted(folder.rglob("*.py")):
        relative = path.relative_to(folder)
        for line, name in _platform_imports(path):
            if name != "frontage.plugin" and not (_is_test(relative) and _belongs_to(name, "frontage.testing")):
                fix = "Take it from frontage.plugin; what is missing there is missing in the contract."
                yield Finding(f"{folder.name}/{relative}:{line} imports {name}.", fix)


def _platform_imports(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_bytes(), str(path))):
        for name in _imported(node):
            if _belongs_to(name, "frontage"):
                yield getattr(node, "lineno", 1), name


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom) or node.level or node.module is None:
        return []
    return [f"frontage.{alias.name}" for alias in node.names] if node.module == "frontage" else [node.module]


def _belongs_to(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def _is_test(relative: Path) -> bool:
    return "tests" in relative.parts or relative.name.startswith("test_") or relative.name == "conftest.py"
