"""`frontage store-locator`: loading the gazetteer, importing and exporting places."""

import click

from frontage_store_locator.gazetteer_commands import gazetteer
from frontage_store_locator.importing.commands import export_command, import_command


@click.group()
def store_locator() -> None:
    """Places of tenants, and the gazetteer that finds them by words."""


store_locator.add_command(gazetteer)
store_locator.add_command(import_command)
store_locator.add_command(export_command)
