"""The way in: words of a visitor to where they lead, by the shop's own places first, then the gazetteer."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID
from weakref import WeakValueDictionary

from sqlalchemy import select

from frontage.plugin import PluginContext, Session, Tenant
from frontage_store_locator.models import Place, PlacesVersion
from frontage_store_locator.words import gazetteer
from frontage_store_locator.words.own import Named, OwnWords
from frontage_store_locator.words.resolving import MOST_CANDIDATES, Query, coordinates_in, resolve
from frontage_store_locator.words.spots import Bias, Found, Spot
from frontage_store_locator.words.suggesting import corrected

LONGEST_QUERY = 200
_SHORTEST_BEGINNING = 2
_MOST_LOOKED_AT = 20
_MOST_PLACES_KEPT = 1_000_000
_NAMED = [getattr(Place, name) for name in Named._fields]


@dataclass(frozen=True, slots=True)
class _Kept:
    version: int
    words: OwnWords


class Indexes:
    """The indexes of tenants' own words in this process: built at first use, anew after a change, within a budget."""

    def __init__(self, most_places: int = _MOST_PLACES_KEPT) -> None:
        self._most = most_places
        self._kept: OrderedDict[UUID, _Kept] = OrderedDict()
        self._locks: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    async def of(self, session: Session, tenant: Tenant) -> OwnWords:
        """The index of a tenant, as of its latest change."""
        version = (await session.scalars(select(PlacesVersion.version))).first() or 0
        kept = self._kept.get(tenant.id)
        if kept is None or kept.version < version:
            async with self._locks.setdefault(tenant.id, asyncio.Lock()):
                kept = self._kept.get(tenant.id)  # somebody else may have built it while we waited
                if kept is None or kept.version < version:
                    kept = self._kept[tenant.id] = _Kept(version, await _build(session))
                    self._make_room()
        self._kept.move_to_end(tenant.id)
        return kept.words

    def _make_room(self) -> None:
        while len(self._kept) > 1 and sum(one.words.count for one in self._kept.values()) > self._most:
            self._kept.popitem(last=False)


indexes = Indexes()


async def _build(session: Session) -> OwnWords:
    published = Place.status == "published", Place.deleted_at.is_(None), Place.lat.is_not(None), Place.lon.is_not(None)
    rows = (await session.execute(select(*_NAMED).where(*published).order_by(Place.id))).all()
    # A large shop takes a second, in which this process goes on answering.
    return await asyncio.to_thread(OwnWords, (Named(*row) for row in rows))


async def find_by_words(
    context: PluginContext,
    tenant: Tenant,
    text: str,
    near: tuple[float, float] | None = None,
    *,
    completing: bool = False,
) -> Found:
    """What a text means to a tenant's visitor; `match.places` are the shop's own of this name or in this area.

    Names that begin with the text (`completing`) and names that it misses by a slip are candidates, never the match.
    """
    text = text[:LONGEST_QUERY]
    query = Query.read(text)
    async with context.reading(tenant) as session:
        own = await indexes.of(session, tenant)
        bias = replace(own.bias, anchors=(near,)) if near else own.bias
        ours = resolve(query, own.hits(query.keys), bias)
        if not ours.match and (point := coordinates_in(text)):
            return Found(point)
        theirs = Found(None) if ours.match else resolve(query, await gazetteer.look_up(session, query.keys), bias)
        candidates = [*theirs.candidates, *ours.candidates]
        if completing and len(candidates) < MOST_CANDIDATES:
            candidates += await _beginning(session, own, query, bias)
        match = ours.match or theirs.match
        if match is None and len(candidates) < MOST_CANDIDATES:
            candidates += await _misspelt(session, own, query, bias)
    return Found(match, _different(match, candidates))


async def _beginning(session: Session, own: OwnWords, query: Query, bias: Bias) -> list[Spot]:
    """The shop's own names first, then those of the gazetteer."""
    start = " ".join(query.tokens)
    if len(start) < _SHORTEST_BEGINNING:
        return []
    hits = own.beginning(start, _MOST_LOOKED_AT)
    if len(start) > _SHORTEST_BEGINNING:
        hits += await gazetteer.beginning(session, start, bias.countries, _MOST_LOOKED_AT)
    return [replace(hit.spot, led_by="beginning") for hit in hits]


async def _misspelt(session: Session, own: OwnWords, query: Query, bias: Bias) -> list[Spot]:
    """What the words would mean but for one slip, the likeliest first."""
    meant = corrected(query)
    hits = own.hits(meant) or await gazetteer.look_up(session, meant.keys())
    found: list[Spot] = []
    for key in dict.fromkeys(hit.key for hit in hits):
        for other in meant[key]:
            known = resolve(other, [hit for hit in hits if hit.key == key], bias)
            found += [known.match] if known.match else []
    found.sort(key=lambda spot: (spot.country not in bias.countries, -spot.weight, spot.label))
    return [replace(spot, led_by="spelling") for spot in found]


def _different(match: Spot | None, spots: Iterable[Spot]) -> tuple[Spot, ...]:
    """The first five that nobody could take for one another, nor for the match."""
    told = {(match.kind, match.label)} if match else set()
    kept = []
    for spot in spots:
        if (spot.kind, spot.label) not in told:
            told.add((spot.kind, spot.label))
            kept.append(spot)
    return tuple(kept[:MOST_CANDIDATES])


async def find_address(session: Session, parts: Iterable[str], country: str) -> Spot | None:
    """Where city, region and postal code lie in a country, as far as the gazetteer knows; None when unsure."""
    query = Query.read(", ".join(part for part in parts if part))
    found = resolve(query, await gazetteer.look_up(session, query.keys), Bias(frozenset({country} - {""})))
    match = found.match
    if match is None or match.kind not in {"city", "postcode"} or (country and match.country != country):
        return None
    return match
