"""Which names have rows of their own: products, queries, lists and tokens come from pages, and anybody may send any.

A tenant has at most 16,384 of each kind a day, in 64 parts of 256. Where more come, those of a part whose digests are
the smallest stay, and the others are counted together. So the choice is the same whatever the order of arrival, it
cannot be aimed at, and nobody's ordinary day comes near it.
"""

from collections import defaultdict
from collections.abc import Sequence
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
_GO_TOGETHER = 100
_KINDS: dict[str, type[Any]] = {"product": ProductDay, "query": SearchDay, "list": ListDay, "token": TokenDay}
_LABELS = {kind: label for label, kind in _KINDS.items()}

Home = tuple[UUID, date, str, int]
"""Tenant, day, kind and part."""


@lru_cache(65_536)
def _rank(name: str) -> tuple[bytes, str]:
    """What decides which names stay."""
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest(), name


async def settle(sums: Sums, tables: RollupTables) -> None:
    """Give every name its row or that of the others, and let those go that have to make room."""
    wanted = _wanted(sums)
    known = {
        (row.tenant, row.day, row.kind, row.part): row.names for row in await tables.fetch(NamesOfDay, sorted(wanted))
    }
    kept: dict[Home, set[str]] = {}
    changed, gone, crowded = [], [], False
    for home, names in wanted.items():
        before = known.get(home, [])
        now = _smallest(before, names)
        kept[home] = set(now)
        crowded = crowded or not names <= kept[home]
        if now is not before:
            changed.append(NamesOfDay(tenant=home[0], day=home[1], kind=home[2], part=home[3], names=now))
            gone += [(home, name) for name in set(before) - kept[home]]
    for at in range(0, len(gone), _GO_TOGETHER):
        await _let_go(gone[at : at + _GO_TOGETHER], sums, tables)
    await tables.put(changed)
    if crowded:
        sums.rename(lambda kind, tenant, key: _renamed(kind, tenant, key, kept))


def _wanted(sums: Sums) -> dict[Home, set[str]]:
    wanted: dict[Home, set[str]] = defaultdict(set)
    for kind, tenant, key in sums.places():
        if (label := _LABELS.get(kind)) is not None and not _is_others(name := _name(kind, key)):
            wanted[tenant, key[0], label, _part(name)].add(name)
    return wanted


def _smallest(before: list[str], names: set[str]) -> list[str]:
    """The names that stay, in their order; the same list where nothing changes."""
    new = names.difference(before)
    if len(before) >= NAMES_IN_PART:
        # Hardly any gets into a full part, and then the others need not be looked at.
        last = _rank(before[-1])
        new = {name for name in new if _rank(name) < last}
    return sorted([*before, *new], key=_rank)[:NAMES_IN_PART] if new else before


def _part(name: str) -> int:
    return _rank(name)[0][7] % PARTS


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


async def _let_go(gone: Sequence[tuple[Home, str]], sums: Sums, tables: RollupTables) -> None:
    """Count the rows of names to the others'."""
    keys: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for (tenant, day, label, _), name in gone:
        keys[label] += [(tenant, *key) for key in _keys(_KINDS[label], day, name)]
    for label, some in keys.items():
        kind = _KINDS[label]
        rows = await tables.fetch(kind, some)
        for row in rows:
            sums.add_row(row, _others(kind, sums.key_of(row)))
        await tables.remove(kind, [(row.tenant, *sums.key_of(row)) for row in rows])


def _keys(kind: type[Any], day: date, name: str) -> list[tuple[Any, ...]]:
    if kind is ProductDay:
        return [(day, int(name), position) for position in range(LAST_POSITION + 1)]
    return [(day, *name.split(":", 1))] if kind is ListDay else [(day, name)]
