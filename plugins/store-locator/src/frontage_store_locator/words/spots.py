"""Where words may lead: a place of the shop, an area that several of them share, or somewhere in the gazetteer."""

from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from frontage_store_locator.words.countries import label_of, names_of
from frontage_store_locator.words.folding import key_of, keys_of, postcode_key

Kind = Literal["place", "coordinates", "postcode", "city", "region", "country"]
LedBy = Literal["name", "beginning", "spelling"]
Precision = Literal["exact", "postcode", "city", "region"]
KINDS: tuple[Kind, ...] = ("place", "coordinates", "postcode", "city", "region", "country")
_PRECISION: dict[str, Precision] = {"place": "exact", "coordinates": "exact", "postcode": "postcode", "city": "city"}


@dataclass(frozen=True, slots=True)
class Spot:
    """Somewhere that has a name."""

    kind: Kind
    name: str
    lat: float
    lon: float
    source: str
    country: str = ""
    region: str = ""
    region_code: str = ""
    city: str = ""
    postal_code: str = ""
    weight: int = 0
    """How many people live there; of the shop's own areas, how many places it has there."""
    places: tuple[UUID, ...] = field(default=(), repr=False)
    """The shop's places of this name or area."""
    led_by: LedBy = "name"
    """Whether the words name it, begin its name, or miss it by a slip."""

    @property
    def precision(self) -> Precision:
        """How exact the position is."""
        return _PRECISION.get(self.kind, "region")

    @property
    def label(self) -> str:
        """What people read: enough to tell it from its namesakes."""
        region = self.region or ("" if self.kind == "region" or self.region_code.isdigit() else self.region_code)
        parts = [self.name, self.city, region, label_of(self.country) if self.country else ""]
        return ", ".join(dict.fromkeys(filter(None, parts)))

    @property
    def context(self) -> set[str]:
        """What else a person may say to mean this and no namesake."""
        said = set(names_of(self.country)) if self.country else set()
        said |= {key_of(self.region_code), postcode_key(self.postal_code), key_of(self.postal_code)}
        for text in (self.region, self.city, *([self.name] if self.kind == "postcode" else [])):
            said |= keys_of(text)
        return said - {""}


@dataclass(frozen=True, slots=True)
class Hit:
    """A spot, found under one of its names."""

    key: str
    spot: Spot
    is_primary: bool = True
    """Whether the name is the one that it is called by; one of its others counts less."""


@dataclass(frozen=True, slots=True)
class Bias:
    """Whom the words are read for."""

    countries: frozenset[str] = frozenset()
    """Where the shop has places."""
    anchors: tuple[tuple[float, float], ...] = ()
    """Roughly where they are, or where the visitor is."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the words were taken to mean, and what else they may mean."""

    match: Spot | None
    candidates: tuple[Spot, ...] = ()
