"""How the command starts: quickly, which is told by what it imports, and whatever plugins are there."""

import json
import os
import subprocess
import sys
from importlib.metadata import version

import pytest
from installed import write_plugin

PROBE = """
import json, sys
sys.path[:0] = sys.argv.pop(1).split(":")
from frontage.cli import main
try:
    main()
finally:
    sys.stderr.write(json.dumps([name for name in sys.modules if "." not in name]))
"""


def imported_by(desk, *words):
    """What a command printed, and the packages that it has imported in the end."""
    command = [sys.executable, "-c", PROBE, ":".join(desk.path), *words]
    ran = subprocess.run(
        command, cwd=desk.folder, env=os.environ | desk.environment, capture_output=True, text=True, check=True
    )
    return ran.stdout, set(json.loads(ran.stderr))


@pytest.mark.parametrize("word", ["--version", "--help"])
def test_help_and_version_import_neither_database_nor_router(fresh_desk, word):
    """They answer at once, although the help names the commands of plugins."""
    out, imported = imported_by(fresh_desk, word)
    assert out
    assert not imported & {"litestar", "sqlalchemy", "alembic", "uvicorn", "asyncpg", "prometheus_client"}


def test_the_application_imports_alembic_at_its_first_migration():
    """It is a third of the time that the import of everything takes."""
    code = "import sys, frontage.app.platform; print('alembic' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"


def test_help_names_every_command_and_those_of_plugins(fresh_desk):
    """Each with a line that says what it is for."""
    told = fresh_desk("--help").out
    for name in ("audit", "check", "keys", "migrate", "openapi", "plugins", "serve", "tenants", "kitchen-sink"):
        assert f"\n  {name} " in told
    assert fresh_desk("kitchen-sink", "bell").out == "ding\n"
    assert version("frontage") in fresh_desk("--version").out


def test_a_plugins_command_is_lent_its_context(fresh_desk):
    """It finds the database migrated and the tenants that have the plugin on."""
    assert fresh_desk("tenants", "apply")
    assert fresh_desk("kitchen-sink", "shops").out == "acme\n"


def test_a_broken_plugin_does_not_break_the_help(fresh_desk):
    """Its fault is told in the log, the help stays what it is."""
    write_plugin(fresh_desk.site, "broken", "raise RuntimeError('no luck')")
    result = fresh_desk("--help")
    assert "no luck" not in result.out
    assert [line["plugin"] for line in result.log] == ["broken"]


def test_an_unknown_command_is_told(fresh_desk):
    """As click tells it, with the exit code of a wrong call."""
    assert "No such command 'fly'" in fresh_desk("fly", code=2).err
