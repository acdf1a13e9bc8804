"""What holds for the repository as a whole, whoever adds to it."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# A migration is a list of tables: its length says nothing.
SOURCES = sorted(
    path
    for folder in ("platform/src", "plugins")
    for path in ROOT.glob(f"{folder}/**/*.py")
    if not {"tests", "migrations"} & set(path.parts)
)
PUBLISHED = sorted(path for path in ROOT.glob("platform/src/frontage/**/*.py") if "migrations" not in path.parts)

# Put together here, so that this file does not contain what it looks for.
REGISTRIES = [
    ".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("registry", "npmjs"), ("yarnpkg", "com"))
]
OWN_FOLDERS = [f"/{first}{rest}/" for first, rest in (("ho", "me"), ("ro", "ot"), ("wo", "rk"), ("Us", "ers"))]
FORBIDDEN = re.compile(
    "|".join([*map(re.escape, REGISTRIES), *(rf"(?<![\w.*)}}-]){folder}" for folder in OWN_FOLDERS)])
)


def kept_files() -> list[Path]:
    """Tracked files and those that would be tracked."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def shown(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def test_no_package_shadows_the_standard_library():
    """The folder `platform` must never become a package: half of Python imports a module of that name."""
    assert not (ROOT / "platform" / "__init__.py").exists()


def test_no_file_names_a_registry_or_a_folder_of_one_machine():
    """A clone works with any mirror and in any folder."""
    found = [
        f"{shown(path, number)}: {line.strip()[:80]}"
        for path in kept_files()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1)
        if FORBIDDEN.search(line)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "words",
    ["url = https://" + REGISTRIES[0] + "/simple", "cache in " + OWN_FOLDERS[0] + "ann/x", '"' + OWN_FOLDERS[2] + 'y"'],
    ids=["a registry", "a home", "a quoted folder"],
)
def test_the_forbidden_words_are_found(words):
    """The search above can fail."""
    assert FORBIDDEN.search(words)


def test_files_and_functions_stay_small():
    """A file is one concept (at most 400 lines), a function one thought (at most 60)."""
    found = [shown(path, 1) for path in SOURCES if len(path.read_text().splitlines()) > 400]
    found += [f"{shown(path, node.lineno)} {node.name}" for path in SOURCES for node in long_functions(path)]
    assert not found, "\n".join(found)


def long_functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno - node.lineno >= 60:
            yield node


def test_every_public_name_is_explained():
    """Each public module, class, function and method of the platform carries a docstring."""
    found = [words for path in PUBLISHED for words in undocumented(path)]
    assert not found, "\n".join(found)


def undocumented(path: Path) -> Iterator[str]:
    module = ast.parse(path.read_text())
    if not ast.get_docstring(module):
        yield f"{shown(path, 1)} the module"
    if path.name.startswith("_") and path.name != "__init__.py":
        return
    for node, name in public_names(module):
        if not ast.get_docstring(node):
            yield f"{shown(path, node.lineno)} {name}"


def public_names(parent: ast.Module | ast.ClassDef, prefix: str = "") -> Iterator[tuple[ast.AST, str]]:
    for node in parent.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        if {"override", "overload"} & {ast.unparse(decorator).split(".")[-1] for decorator in node.decorator_list}:
            continue
        yield node, prefix + node.name
        if isinstance(node, ast.ClassDef):
            yield from public_names(node, f"{prefix}{node.name}.")


REQUIREMENT = re.compile(r"[a-z0-9][a-z0-9._-]*(\[[a-z,]+\])?==\S+( ; [^\\]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")


def test_the_lock_pins_everything_by_hash_and_names_no_index():
    """What is installed is exactly what was locked, wherever it is downloaded from."""
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    strange = [line for line in lines if not (REQUIREMENT.fullmatch(line) or HASH.fullmatch(line))]
    assert not strange, strange
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        assert line.endswith("\\") == following.startswith("    "), line


def test_the_lock_can_build_the_members_and_does_not_hold_them():
    """Members are installed without build isolation, so their build tools are locked; they themselves never are."""
    names = {line.partition("==")[0] for line in (ROOT / "requirements.txt").read_text().splitlines() if "==" in line}
    assert {"hatchling", "editables"} <= names
    assert not [name for name in names if name.startswith("frontage")]
