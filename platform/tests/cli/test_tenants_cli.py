"""`frontage tenants …` as an operator meets it."""

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner
from structlog.testing import capture_logs

from frontage.base.errors import ConfigurationError
from frontage.cli.operator import Operator
from frontage.cli.tenants import tenants
from frontage.host.tenant_files import read_tenant_files
from frontage.host.tenant_schema import format_schema, tenant_schema
from frontage.tenants.errors import TenantNotFoundError


class Desk(Operator):
    """An operator who leaves the logs to the tests and has no plugin installed."""

    actor = "cli:tester"

    def __init__(self):
        pass

    def plugins(self):
        return {}


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "shops"
    folder.mkdir()
    (folder / "acme.toml").write_text('name = "Acme"\nnumber = 1\n')
    (folder / "bolt.toml").write_text('name = "Bolt"\nnumber = 2\n')
    return folder


@pytest.fixture
def desk(monkeypatch, tmp_path, folder):
    monkeypatch.delenv("FRONTAGE_DATABASE_URL", raising=False)
    monkeypatch.setenv("FRONTAGE_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("FRONTAGE_TENANTS_DIR", str(folder))
    return Desk()


@pytest.fixture
def logged():
    with capture_logs() as entries:
        yield entries


@pytest.fixture
def run(desk, logged):
    def run(*words, code=0):
        result = CliRunner().invoke(tenants, [str(word) for word in words], obj=desk)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result.output

    return run


def test_check_counts_what_is_right(run, folder, tmp_path):
    assert run("check") == "2 tenants are right.\n"
    assert json.loads(run("check", "--json")) == {"tenants": 2}
    (folder / "bolt.toml").unlink()
    assert run("check", folder) == "1 tenant is right.\n"
    with pytest.raises(ConfigurationError, match="FRONTAGE_TENANTS_DIR"):
        run("check", tmp_path / "gone")


def test_diff_shows_and_changes_nothing(run):
    for _ in range(2):
        assert run("diff") == "+ acme: create, number 1\n+ bolt: create, number 2\n2 to change, 0 unchanged.\n"
    assert run("list") == ""


def test_apply_says_what_changed(run, folder):
    run("apply")
    (folder / "acme.toml").write_text('name = "Acme Ltd"\nnumber = 1\n[policies]\nsecret = "1;w=1"\n')
    (folder / "bolt.toml").unlink()
    expected = """\
~ acme: update, name "Acme" → "Acme Ltd", policies.secret nothing → "1;w=1"
- bolt: suspend, status "active" → "suspended"
2 to change, 0 unchanged.
"""
    assert run("diff") == expected
    assert run("apply") == expected.replace("to change", "changed")
    assert run("apply") == "0 changed, 1 unchanged.\n"


def test_apply_in_json_has_every_field(run, folder):
    run("apply")
    (folder / "acme.toml").write_text('name = "A"\nnumber = 1\n')
    assert json.loads(run("apply", "--json")) == {
        "changes": [{"tenant": "acme", "change": "update", "fields": {"name": {"before": "Acme", "after": "A"}}}],
        "unchanged": ["bolt"],
    }


def test_a_wrong_file_is_an_error_of_the_configuration(run, folder):
    (folder / "acme.toml").write_text("number = 1\n")
    for command in ("check", "diff", "apply"):
        with pytest.raises(ConfigurationError, match=r"acme\.toml: name: missing"):
            run(command)
    assert run("list") == ""


def test_a_mass_suspension_needs_its_option(run, folder):
    run("apply")
    for file in folder.glob("*.toml"):
        file.unlink()
    with pytest.raises(ConfigurationError, match="--allow-suspend"):
        run("apply")
    assert "2 changed" in run("apply", "--allow-suspend")


def test_list_has_a_line_a_tenant(run):
    run("apply")
    lines = [line.split("\t") for line in run("list").splitlines()]
    assert [line[:5] for line in lines] == [["1", "acme", "active", "Acme", ""], ["2", "bolt", "active", "Bolt", ""]]
    assert [(one["slug"], one["id"]) for one in json.loads(run("list", "--json"))] == [
        ("acme", lines[0][5]),
        ("bolt", lines[1][5]),
    ]


def test_what_show_prints_is_a_file_with_which_the_tenant_can_be_renamed(run, folder):
    run("apply")
    (folder / "acme-ltd.toml").write_text(run("show", "acme"))
    (folder / "acme.toml").unlink()
    assert read_tenant_files(folder, {})[0].id
    assert '~ acme-ltd: update, slug "acme" → "acme-ltd"' in run("apply")
    assert json.loads(run("show", "acme-ltd", "--json"))["number"] == 1


def test_export_writes_lines_of_json(run):
    run("apply")
    records = [json.loads(line) for line in run("export", "acme").splitlines()]
    assert [record.get("table", "tenant") for record in records] == ["tenant", "core_audit"]


def test_an_exported_file_is_whole_and_for_its_owner_alone(run, tmp_path):
    run("apply")
    file = tmp_path / "acme.ndjson"
    assert run("export", "acme", "--output", file) == f"2 lines written to {file}.\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(file.read_text().splitlines()) == 2
    assert json.loads(run("export", "acme", "--output", file, "--json"))["lines"] == 2
    with pytest.raises(TenantNotFoundError):
        run("export", "nobody", "--output", tmp_path / "nobody.ndjson")
    assert not list(tmp_path.glob("*nobody*"))


def test_delete_asks_for_yes_and_says_that_the_file_is_still_there(run, folder):
    run("apply")
    assert "--yes" in run("delete", "acme", code=2)
    assert (
        run("delete", "acme", "--yes")
        == f"acme is deleted. Remove {folder / 'acme.toml'}, or the next apply makes it anew.\n"
    )
    assert json.loads(run("delete", "bolt", "--yes", "--json")) == {"deleted": "bolt"}
    assert run("list") == ""
    with pytest.raises(TenantNotFoundError, match="acme"):
        run("delete", "acme", "--yes")


def test_schema_is_printed_or_written(run, tmp_path):
    file = tmp_path / "schema.json"
    assert run("schema") == format_schema(tenant_schema({}))
    assert run("schema", "--output", file) == f"{file} is written.\n"
    assert json.loads(run("schema", "--output", file, "--json")) == {"file": str(file), "written": False}
    assert file.read_text() == run("schema")


@pytest.mark.parametrize("command", tenants.commands.values(), ids=tenants.commands)
def test_every_command_prints_json_when_asked(command):
    assert "--json" in {option for parameter in command.params for option in parameter.opts}
    assert command.help


def test_a_table_is_drawn_on_a_terminal(run, monkeypatch, folder):
    (folder / "acme.toml").write_text('name = "[bold]Acme"\nnumber = 1\n')
    run("apply")
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    table = run("list")
    assert "slug" in table
    assert "[bold]Acme" in table


def test_the_readme_names_every_command(folder):
    readme = (Path(__file__).parents[3] / "tenants" / "README.md").read_text()
    assert [name for name in tenants.commands if f"frontage tenants {name}" not in readme] == []


def test_who_deleted_a_tenant_stands_in_the_log(run, logged):
    run("apply")
    run("delete", "acme", "--yes")
    assert logged[-1:] == [{"event": "tenant.deleted", "tenant": "acme", "actor": "cli:tester", "log_level": "info"}]
