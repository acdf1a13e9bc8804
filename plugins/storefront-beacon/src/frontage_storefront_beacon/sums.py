"""Numbers on their way into rollup tables, added up by key before they are."""

from collections.abc import Callable, Iterator
from functools import cache
from operator import attrgetter
from typing import Any
from uuid import UUID

from msgspec import structs

from frontage.plugin import Rollup

Key = tuple[Any, ...]
_Place = tuple[type[Rollup], int, Key]


@cache
def _key_reader(kind: type[Rollup]) -> Callable[[Any], Key]:
    return attrgetter(*(field.name for field in structs.fields(kind) if field.required))


@cache
def _values(kind: type[Rollup]) -> tuple[str, ...]:
    return tuple(field.name for field in structs.fields(kind) if not field.required and field.name != "tenant")


class Sums:
    """What is to be added, by table, tenant and key."""

    def __init__(self) -> None:
        # Tenants as ints: a UUID hashes and compares in Python.
        self._sums: dict[_Place, dict[str, int]] = {}
        self._tenants: dict[int, UUID] = {}

    def add(self, kind: type[Rollup], tenant: UUID, key: Key, field: str, number: int = 1) -> None:
        """Add to one field of one row."""
        place = (kind, tenant.int, key)
        fields = self._sums.get(place)
        if fields is None:
            self._tenants[tenant.int] = tenant
            fields = self._sums[place] = {}
        fields[field] = fields.get(field, 0) + number

    def add_row(self, row: Rollup, key: Key) -> None:
        """Add all numbers of a row to the row with this key."""
        for field in _values(type(row)):
            self.add(type(row), row.tenant, key, field, getattr(row, field))

    def places(self) -> Iterator[tuple[type[Rollup], UUID, Key]]:
        """Which rows are concerned."""
        return ((kind, self._tenants[tenant], key) for kind, tenant, key in self._sums)

    def rename(self, change: Callable[[type[Rollup], UUID, Key], Key | None]) -> None:
        """Give rows other keys, where the function has one for them."""
        renamed = Sums()
        for (kind, tenant, key), fields in self._sums.items():
            owner = self._tenants[tenant]
            other = change(kind, owner, key)
            for field, number in fields.items():
                renamed.add(kind, owner, key if other is None else other, field, number)
        self._sums, self._tenants = renamed._sums, renamed._tenants

    def rows(self) -> list[Rollup]:
        """The rows to be added; those in which nothing has changed are left out."""
        made: list[Rollup] = []
        for (kind, tenant, key), fields in self._sums.items():
            if any(fields.values()):
                made.append(
                    kind(**dict(zip(self._names(kind), key, strict=True)), tenant=self._tenants[tenant], **fields)
                )
        return made

    @staticmethod
    def key_of(row: Rollup) -> Key:
        """The key of a row without its tenant."""
        return _key_reader(type(row))(row)

    @staticmethod
    @cache
    def _names(kind: type[Rollup]) -> tuple[str, ...]:
        return tuple(field.name for field in structs.fields(kind) if field.required)
