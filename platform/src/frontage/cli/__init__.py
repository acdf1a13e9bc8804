"""The command `frontage`: every subcommand is imported when it is called, so that each starts quickly."""

import sys
from importlib import import_module
from typing import Any, cast

import click

from frontage.base.errors import ConfigurationError, DatabaseUnavailableError, FrontageError

_COMMANDS = {
    "audit": ("frontage.cli.audit:audit", "Read who did what to a tenant."),
    "check": ("frontage.cli.check:check", "Report every configuration mistake at once."),
    "intake": ("frontage.cli.intake:intake", "Look after events: status, dead letters, spools, recounts."),
    "keys": ("frontage.cli.keys:keys", "Create, list, revoke and rotate keys."),
    "migrate": ("frontage.cli.migrate:migrate_command", "Bring the database to the newest revisions."),
    "openapi": ("frontage.cli.openapi:openapi", "Print the OpenAPI document."),
    "plugins": ("frontage.cli.plugins:plugins", "Write, list, check, migrate and purge plugins."),
    "serve": ("frontage.cli.serve:serve", "Serve the platform."),
    "tenants": ("frontage.cli.tenants:tenants", "Check, apply, export and delete tenants."),
    "tidy": ("frontage.cli.tidy:tidy", "Make partitions ahead, let old rows go."),
}
_UNAVAILABLE = 69
"""EX_UNAVAILABLE of sysexits: a service that is needed does not answer."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click hands it over
        return sorted({*_COMMANDS, *_plugin_commands()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click hands it over
        if cmd_name in _COMMANDS:
            return cast("click.Command", _load(_COMMANDS[cmd_name][0]))
        reference = _plugin_commands().get(cmd_name)
        return cast("click.Command", _load(reference)) if reference else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [
            (name, _COMMANDS[name][1] if name in _COMMANDS else "Commands of this plugin.")
            for name in self.list_commands(ctx)
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="frontage")
@click.pass_context
def frontage(ctx: click.Context) -> None:
    """The public edge of many shops: tenants, keys, limits and plugins."""
    from frontage.cli.operator import Operator

    ctx.obj = Operator()


def main() -> None:
    """Run the command; a mistake of the configuration exits with 78, a service that is away with 69."""
    try:
        frontage()
    except ConfigurationError as error:
        count = len(error.mistakes)
        click.echo(f"{count} {'mistake' if count == 1 else 'mistakes'} in the configuration:", err=True)
        for mistake in error.mistakes:
            click.echo(f"  {mistake}", err=True)
        sys.exit(ConfigurationError.EXIT_CODE)
    except DatabaseUnavailableError as error:
        click.echo(str(error), err=True)
        sys.exit(_UNAVAILABLE)
    except FrontageError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)
    except Exception as error:
        # Not contained: a command met the database in a state that its operator can mend, or this is a fault of ours.
        told = _trouble_with_database(error)
        if told is None:
            raise
        text, code = told
        click.echo(text, err=True)
        sys.exit(code)


def _trouble_with_database(error: Exception) -> tuple[str, int] | None:
    """What to tell of a database that went away, or that no migration has prepared; and the exit code."""
    from frontage.base.database import is_behind, is_unavailable

    reason = (str(getattr(error, "orig", None) or error).strip() or type(error).__name__).splitlines()[0]
    if is_unavailable(error):
        return f"The database went away: {reason}. Try again when it is back.", _UNAVAILABLE
    if is_behind(error):
        return f"The database is behind this code: {reason}. Run frontage migrate, then this again.", 1
    return None


def _plugin_commands() -> dict[str, str]:
    # Declarations alone, which are light: the operator would bring the database and the router along.
    from frontage.base.logs import configure_logs
    from frontage.host.discovery import find_candidates
    from frontage.host.loading import load_roster

    configure_logs()
    plugins = load_roster(find_candidates()).plugins
    return {slug: plugin.commands for slug, plugin in plugins.items() if plugin.commands}


def _load(reference: str) -> Any:
    module, _, attribute = reference.partition(":")
    return getattr(import_module(module), attribute)
