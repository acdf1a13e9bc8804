"""Where pages stand: one stable address for each place and area of a shop."""

import re
from dataclasses import dataclass
from uuid import UUID

from frontage.plugin import PluginContext, Tenant, parse_id, to_short
from frontage_store_locator.settings import Settings

ID_LENGTH = 22
_WORD = re.compile(r"[^\w]+|_+")


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of one shop's pages; `root` is that of its first."""

    root: str

    @classmethod
    def of(cls, context: PluginContext, tenant: Tenant, settings: Settings) -> "Addresses":
        """Under the shop's own domain where it has told it, else here."""
        return cls(settings.pages_url.rstrip("/") or f"{context.base_url.rstrip('/')}/stores/{tenant.slug}")

    def place(self, place_id: UUID, name: str) -> str:
        """A place: its name for people, its id for us."""
        return f"{self.root}/{segment(place_id, name)}"

    def area(self, slug: str, page: int = 1) -> str:
        """An area, or a further page of it."""
        return f"{self.root}/in/{slug}" + (f"?page={page}" if page > 1 else "")

    def sitemap(self, part: int) -> str:
        """A part of the sitemap."""
        return f"{self.root}/sitemap/{part}.xml"


def segment(place_id: UUID, name: str) -> str:
    """The last part of a place's address."""
    return "-".join(filter(None, (slug_of(name)[:80].strip("-"), to_short(place_id))))


def place_id_of(text: str) -> UUID | None:
    """The id at the end of an address's last part; an id alone will do."""
    return parse_id(text) or parse_id(text[-ID_LENGTH:])


def area_slug(country: str, region: str) -> str:
    """An area in an address; what is spelt almost alike is one area."""
    return "-".join(filter(None, (country.lower(), slug_of(region)))) or "elsewhere"


def slug_of(text: str) -> str:
    """Words in lower case with hyphens between them, in any script."""
    return _WORD.sub("-", text.casefold()).strip("-")
