"""`frontage openapi`: the document, without a server."""

import click

from frontage.app.platform import document_of_all, own_document
from frontage.cli.operator import Operator
from frontage.edge.openapi import Document
from frontage.host.errors import PluginError
from frontage.host.mounting import prove
from frontage.host.roster import Entry


@click.command()
@click.option("--plugin", "slug", help="Only the document of this plugin.")
@click.pass_obj
def openapi(operator: Operator, slug: str | None) -> None:
    """Print the OpenAPI 3.1 document of everything that serves, or of one plugin."""
    roster = operator.roster
    prove(roster, own_document())
    operator.print_json(_document_of(roster.find(slug)) if slug else document_of_all(roster))


def _document_of(entry: Entry) -> Document:
    if not entry.serves:
        raise PluginError(entry.stage, f"The plugin {entry.slug} does not serve: {entry.reason}")
    return entry.document
