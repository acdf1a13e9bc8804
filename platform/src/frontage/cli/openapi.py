"""`frontage openapi`: the document, without a server."""

import click

from frontage.app.platform import document_of_all
from frontage.cli.operator import Operator
from frontage.host.mounting import prove


@click.command()
@click.option("--plugin", "slug", help="Only the document of this plugin.")
@click.pass_obj
def openapi(operator: Operator, slug: str | None) -> None:
    """Print the OpenAPI 3.1 document of everything that serves, or of one plugin."""
    roster = operator.roster
    prove(roster)
    operator.print_json(roster.find(slug).document if slug else document_of_all(roster))
