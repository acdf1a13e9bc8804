"""`frontage plugins check`: whether the installed plugins would serve, or one keeps every rule of the contract."""

from importlib.util import find_spec
from pathlib import Path

import click

from frontage.base.errors import ConfigurationError, FrontageError, Mistake
from frontage.cli.operator import Operator
from frontage.host.roster import Entry


class NoKitError(FrontageError):
    """The rules need what is installed with the extra `testing`."""


@click.command()
@click.argument("path", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "github"]), default="text", help="How to tell it; text."
)
@click.option("--json", "form", flag_value="json", help="The same as --format=json.")
@click.pass_obj
def check(operator: Operator, path: Path | None, form: str) -> None:
    """Judge the plugin in PATH by every rule of the contract, on both databases; exit with 1 when one is broken.

    Without PATH: exit with 78 and the reasons when an installed plugin would not serve.
    """
    if path is None:
        _check_installed(operator, as_json=form == "json")
    elif not _check_project(operator, path, form):
        raise SystemExit(1)


def _check_installed(operator: Operator, *, as_json: bool) -> None:
    roster = operator.run(operator.meet_plugins())
    stopped = [
        Mistake("plugins", entry.slug, entry.stage.value, "a plugin that serves", entry.reason)
        for entry in roster.stopped
    ]
    if stopped:
        raise ConfigurationError(stopped)
    if as_json:
        operator.print_json([told_of(entry) for entry in roster])
    else:
        operator.say(f"{len(roster.entries)} plugins are right.")


def _check_project(operator: Operator, path: Path, form: str) -> bool:
    missing = [name for name in ("httpx", "jsonschema", "openapi_spec_validator") if find_spec(name) is None]
    if missing:
        raise NoKitError(f"The rules need {', '.join(missing)}. Install them: pip install 'frontage[testing]'")
    from frontage.testing.check import check_project
    from frontage.testing.report import as_github, as_json, as_text

    reports = check_project(path)
    if form == "json":
        operator.print_json([as_json(report) for report in reports])
    for report in reports if form != "json" else ():
        operator.say(as_github(report) if form == "github" else as_text(report))
    return all(report.is_good for report in reports)


def told_of(entry: Entry) -> dict[str, object]:
    """What a list tells of a plugin."""
    return {
        "slug": entry.slug,
        "distribution": entry.candidate.distribution,
        "version": entry.candidate.version,
        "stage": entry.stage.value,
        "reason": entry.reason,
        "paths": list(entry.claims),
    }
