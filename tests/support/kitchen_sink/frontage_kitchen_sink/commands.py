"""`frontage kitchen-sink`."""

import click


@click.group()
def kitchen() -> None:
    """Commands of the kitchen."""


@kitchen.command()
def bell() -> None:
    """Ring the bell."""
    click.echo("ding")
