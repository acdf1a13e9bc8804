"""Which names have rows of their own: products, queries, lists and tokens come from pages, and anybody may send any.

A tenant has at most 16,384 of each kind a day, in 64 parts of 256. Where more come, those of a part whose digests are
the smallest stay, and the others are counted together. So the choice is the same whatever the order of arrival, it
cannot be aimed at, and nobody's ordinary day comes near it.
"""

from collections import defaultdict
from datetime import date
from functools import lru_cache
from hashlib import blake2b
from typing import Any
from uuid import UUID

from frontage.plugin import Rollup, RollupTables
from frontage_storefront_beacon.rollups import (
    OTHER_PRODUCTS,
    OTHERS,
    ListDay,
    NamesOfDay,
    ProductDay,
    SearchDay,
    TokenDay,
)
from frontage_storefront_beacon.sums import Sums

PARTS, NAMES_IN_PART = 64, 256
LAST_POSITION = 101
_KINDS: dict[str, type[Any]] = {"product": ProductDay, "query": SearchDay, "list": ListDay, "token": TokenDay}
_LABELS = {kind: label for label, kind in _KINDS.items()}

Home = tuple[UUID, date, str, int]
"""Tenant, day, kind and part."""


@lru_cache(65_536)
def digest(name: str) -> bytes:
    """What decides which names stay."""
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()


async def settle(sums: Sums, tables: RollupTables) -> None:
    """Give every name its row or that of the others, and let those go that have to make room."""
    wanted = _wanted(sums)
    known = {
        (row.tenant, row.day, row.kind, row.part): row.names for row in await tables.fetch(NamesOfDay, sorted(wanted))
    }
    changed, kept, crowded = [], {}, False
    for home, names in wanted.items():
        before = known.get(home, [])
        everyone = names.union(before)
        now = _smallest(everyone)
        kept[home] = set(now)
        crowded = crowded or len(now) < len(everyone)
        if now != before:
            changed.append(NamesOfDay(tenant=home[0], day=home[1], kind=home[2], part=home[3], names=now))
            for gone in set(before) - kept[home]:
                await _let_go(home, gone, sums, tables)
    await tables.put(changed)
    if crowded:
        sums.rename(lambda kind, tenant, key: _renamed(kind, tenant, key, kept))


def _wanted(sums: Sums) -> dict[Home, set[str]]:
    wanted: dict[Home, set[str]] = defaultdict(set)
    for kind, tenant, key in sums.places():
        if (label := _LABELS.get(kind)) is not None and not _is_others(name := _name(kind, key)):
            wanted[tenant, key[0], label, _part(name)].add(name)
    return wanted


def _smallest(names: set[str]) -> list[str]:
    return sorted(names, key=lambda name: (digest(name), name))[:NAMES_IN_PART]


def _part(name: str) -> int:
    return digest(name)[7] % PARTS


def _name(kind: type[Any], key: tuple[Any, ...]) -> str:
    """The name in a key, as text; that of a list together with its kind."""
    return f"{key[1]}:{key[2]}" if kind is ListDay else str(key[1])


def _is_others(name: str) -> bool:
    return name in {OTHERS, str(OTHER_PRODUCTS), "collection:", "block:"}


def _renamed(
    kind: type[Rollup], tenant: UUID, key: tuple[Any, ...], kept: dict[Home, set[str]]
) -> tuple[Any, ...] | None:
    label = _LABELS.get(kind)
    if label is None:
        return None
    name = _name(kind, key)
    if _is_others(name) or name in kept[tenant, key[0], label, _part(name)]:
        return None
    return _others(kind, key)


def _others(kind: type[Any], key: tuple[Any, ...]) -> tuple[Any, ...]:
    at = kind.name_at
    return (*key[:at], OTHER_PRODUCTS if kind is ProductDay else OTHERS, *key[at + 1 :])


async def _let_go(home: Home, name: str, sums: Sums, tables: RollupTables) -> None:
    """Count the rows of a name to the others'."""
    tenant, day, label, _ = home
    kind = _KINDS[label]
    keys = [(tenant, *key) for key in _keys(kind, day, name)]
    rows = await tables.fetch(kind, keys)
    for row in rows:
        sums.add_row(row, _others(kind, sums.key_of(row)))
    await tables.remove(kind, [(tenant, *sums.key_of(row)) for row in rows])


def _keys(kind: type[Any], day: date, name: str) -> list[tuple[Any, ...]]:
    if kind is ProductDay:
        return [(day, int(name), position) for position in range(LAST_POSITION + 1)]
    return [(day, *name.split(":", 1))] if kind is ListDay else [(day, name)]
