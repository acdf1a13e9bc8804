"""The areas of a shop: its regions, each under one address however it is spelt."""

from collections.abc import Iterable
from dataclasses import dataclass

from frontage_store_locator.address import country_name
from frontage_store_locator.pages.addresses import area_slug
from frontage_store_locator.pages.statements import AreaRow
from frontage_store_locator.words.regions import name_of_region


@dataclass(slots=True)
class Area:
    """A region of a country, or what of a country has none."""

    slug: str
    country: str
    region: str
    spellings: list[tuple[str, str]]
    """Country and region as the places have them."""
    places: int = 0

    @property
    def title(self) -> str:
        """Region and country, as far as they are known."""
        return ", ".join(filter(None, (self.region, country_name(self.country)))) or "Elsewhere"


def areas_of(rows: Iterable[AreaRow]) -> dict[str, Area]:
    """Areas by slug, in the order of country and region."""
    found: dict[str, Area] = {}
    for row in sorted(rows):
        region = name_of_region(row.country, row.region) if row.region else ""
        slug = area_slug(row.country, region)
        area = found.setdefault(slug, Area(slug, row.country, region, []))
        area.spellings.append((row.country, row.region))
        area.places += row.places
    return dict(sorted(found.items(), key=lambda one: (country_name(one[1].country), one[1].region)))


def area_of(country: str, region: str) -> Area:
    """The area of one place."""
    (area,) = areas_of([AreaRow(country, region, 1)]).values()
    return area
