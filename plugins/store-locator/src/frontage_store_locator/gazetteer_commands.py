"""`frontage store-locator gazetteer`."""

from pathlib import Path

import click

from frontage.plugin import CommandLine
from frontage_store_locator.geocode_schemas import ATTRIBUTION
from frontage_store_locator.words.loading import CITIES, Entry, PostalFileError, city_entries, load, postal_entries

SLUG = "store-locator"


@click.group()
def gazetteer() -> None:
    """Where words lead when the shop has no place of that name."""


@gazetteer.command("load")
@click.option(
    "--geonames-postal",
    "files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A postal file of GeoNames, such as DE.zip or DE.txt; may be given several times. Then cities are left alone.",
)
@click.option(
    "--min-population",
    type=click.Choice(["500", "1000", "5000", "15000"]),
    default="5000",
    show_default=True,
    help="How many people a city has at least; fewer means more cities and a longer load.",
)
@click.pass_obj
def load_command(command_line: CommandLine, files: tuple[Path, ...], min_population: str) -> None:
    """Load cities of the world, or postcodes from files. What the same source brought before is replaced."""
    if not files:
        _store(command_line, CITIES, city_entries(int(min_population)))
    for path in files:
        try:
            source, entries = postal_entries(path)
        except PostalFileError as error:
            raise click.ClickException(str(error)) from None
        _store(command_line, source, entries)
    command_line.say(f"{ATTRIBUTION}. Answers that come of it carry this line; show it with them.")


def _store(command_line: CommandLine, source: str, entries: list[Entry]) -> None:
    async def run() -> int:
        async with command_line.lend(SLUG) as context:
            with click.progressbar(length=len(entries), label=f"Loading {source}") as bar:
                return await load(context, source, entries, bar.update)

    command_line.say(f"{command_line.run(run())} entries from {source}.")


@gazetteer.command("show")
@click.pass_obj
def show_command(command_line: CommandLine) -> None:
    """Tell what is loaded."""
    from frontage_store_locator.words.gazetteer import count_spots

    async def run() -> dict[str, int]:
        async with command_line.lend(SLUG) as context, context.database.reading() as session:
            return await count_spots(session)

    for source, count in sorted(command_line.run(run()).items()) or [("nothing", 0)]:
        command_line.say(f"{source}  {count}")
