"""`frontage check`: every mistake of the configuration at once, before anything is served."""

import os
from collections.abc import Iterable

import click

from frontage.base.database import Database
from frontage.base.errors import ConfigurationError, DatabaseUnavailableError, Mistake
from frontage.base.settings import Settings
from frontage.cli.operator import Operator
from frontage.host.roster import Roster
from frontage.host.tenant_files import read_tenant_files


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def check(operator: Operator, as_json: bool) -> None:
    """Check the environment, the plugins, the tenant files and the database."""
    settings, mistakes = Settings.examine(os.environ)
    has_database = all(mistake.key != "FRONTAGE_DATABASE_URL" for mistake in mistakes)
    mistakes += _plugin_mistakes(operator.run(operator.meet_plugins()))
    mistakes += _tenant_mistakes(settings, operator)
    if has_database:
        mistakes += operator.run(_database_mistakes(settings))
    if mistakes:
        raise ConfigurationError(mistakes)
    if as_json:
        operator.print_json({"mistakes": 0})
    else:
        operator.say("Everything is right.")


def _plugin_mistakes(roster: Roster) -> Iterable[Mistake]:
    for entry in roster.stopped:
        fix = f"Mend or uninstall {entry.candidate.distribution}."
        yield Mistake("plugins", entry.slug, entry.stage.value, "a plugin that serves", f"{entry.reason}. {fix}")


def _tenant_mistakes(settings: Settings, operator: Operator) -> list[Mistake]:
    try:
        stopped = [entry.slug for entry in operator.roster.stopped]
        read_tenant_files(settings.tenants_dir, operator.plugins(), unreadable=stopped)
    except ConfigurationError as error:
        return error.mistakes
    return []


async def _database_mistakes(settings: Settings) -> list[Mistake]:
    if settings.embedded:
        return []
    database = Database(settings.database_url)
    try:
        await database.wait(seconds=0, say=lambda _text: None)
    except DatabaseUnavailableError as error:
        expected = "a PostgreSQL that answers"
        return [Mistake("environment", "FRONTAGE_DATABASE_URL", "…", expected, error.detail)]
    finally:
        await database.close()
    return []
