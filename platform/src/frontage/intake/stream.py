"""How a plugin declares what it records and what is counted from it. Light: importing it reads and opens nothing."""

import re
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from hashlib import blake2b
from typing import Any, Protocol
from uuid import UUID

import msgspec
from msgspec import Struct

from frontage.base.ids import id_of, new_id

NO_TENANT = UUID(int=0)
_now = partial(datetime.now, UTC)  # as `utc_now`; every event asks twice, and a function costs half as much again
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Event(Struct, frozen=True, kw_only=True):
    """A row of a stream; subclasses add its facts. Intake fills in the tenant, and the rest when it is left out."""

    tenant: UUID = NO_TENANT
    id: UUID = msgspec.field(default_factory=new_id)
    """One id is one event: a repeat of it on the same UTC day of `occurred` is kept once."""
    occurred: datetime = msgspec.field(default_factory=_now)
    received: datetime = msgspec.field(default_factory=_now)


class Rollup(Struct, kw_only=True):
    """A row of counts. Fields without a default are its key, beside the tenant; numbers with a default are added up."""

    tenant: UUID = NO_TENANT


class Claim(Rollup, kw_only=True):
    """A key that is taken for ever, see `RollupTables.claim`; a recount gives none back whose event is gone."""


def id_from(*parts: str) -> UUID:
    """The event id that stands for a client's own id, or for the facts that make an event the same one again."""
    encoded = [part.encode("utf-8", "surrogatepass") for part in parts]
    text = b"".join([len(part).to_bytes(4, "big") + part for part in encoded])
    return id_of(blake2b(text, digest_size=16).digest())


class RollupTables(Protocol):
    """What a rollup may do: the same on both databases, all of it or nothing, rows touched in one fixed order."""

    def day(self, tenant: UUID, moment: datetime) -> date:
        """The tenant's own calendar day at this moment."""

    def hour(self, tenant: UUID, moment: datetime) -> tuple[date, int]:
        """The same day, and the hour of it; the hour that a clock set back repeats is one."""

    async def add(self, rows: Sequence[Rollup]) -> None:
        """Add the numbers of these rows to the rows with their keys, or make those."""

    async def add_bounded(self, rows: Sequence[Rollup], field: str, *, most: int, other: str) -> None:
        """Add like `add`, but let a text of the key have at most so many values for each rest of the key.

        The first values that come have rows of their own; what any further one would have is added to `other`.
        """

    async def put(self, rows: Sequence[Rollup]) -> None:
        """Make these rows, in place of those with their keys."""

    async def fetch(self, kind: type[Rollup], keys: Sequence[tuple[Any, ...]]) -> list[Any]:
        """The rows with these keys; a key is the tenant and then the key fields."""

    async def remove(self, kind: type[Rollup], keys: Sequence[tuple[Any, ...]]) -> None:
        """Take the rows with these keys away: what is counted elsewhere from now on."""

    async def claim(self, rows: Sequence[Rollup]) -> list[Any]:
        """Make those of these rows whose key nobody has yet, and return them: what must be unique for ever."""

    async def see(
        self, visits: Sequence[tuple[UUID, str, date]], visitor: type[Any], by_day: Callable[..., Any]
    ) -> None:
        """Count (tenant, visitor, day), exactly, by day and by week; see `visitors`.

        `by_day` is the kind of the days' rows, or makes them of `visitors` and `last_here`.
        """


RollupFunction = Callable[[Sequence[Any], RollupTables], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rollup: the function, and the tables that it counts into."""

    run: RollupFunction
    into: tuple[type[Rollup], ...]


def rule(*into: type[Rollup]) -> Callable[[RollupFunction], Rule]:
    """Make an async function of (rows, tables) a rollup into these tables; it may await nothing but its tables."""

    def declare(function: RollupFunction) -> Rule:
        return Rule(function, into)

    return declare


@dataclass(frozen=True, slots=True)
class Stream:
    """What a plugin records: a name, the row, and what is counted from it."""

    name: str
    row: type[Event]
    rollup: Rule | None = None
    keep: bool = True
    """Whether rows stay once they are counted. Without rows every event is a new one, and a recount is not possible."""
    retention: timedelta | None = None
    """How long rows stay when a tenant says nothing else; None is for ever."""

    def __post_init__(self) -> None:
        """Refuse what could never work, where it is written."""
        if not _NAME.fullmatch(self.name):
            raise TypeError(f"stream {self.name!r}: a name is up to 40 of a-z, 0-9 and _, a letter first")
        if not (isinstance(self.row, type) and issubclass(self.row, Event)):
            raise TypeError(f"stream {self.name}: row must be a subclass of Event")
        if not self.keep and self.rollup is None:
            raise TypeError(f"stream {self.name}: with keep=False and no rollup nothing would be left of an event")


@dataclass(frozen=True, slots=True)
class BoundStream:
    """A stream of a plugin, with the names that it bears in the database and in metrics."""

    prefix: str
    stream: Stream
    label: str

    @property
    def table(self) -> str:
        """The name of its table."""
        return self.prefix + self.stream.name

    @property
    def rollups(self) -> tuple[type[Rollup], ...]:
        """The kinds of rows that are counted from it."""
        return self.stream.rollup.into if self.stream.rollup else ()

    def rollup_table(self, kind: type[Rollup]) -> str:
        """The name of the table of one of them."""
        return self.prefix + table_suffix(kind)


def bind(slug: str, streams: Sequence[Stream]) -> list[BoundStream]:
    """The streams of the plugin with this slug."""
    prefix = slug.replace("-", "_") + "_"
    return [BoundStream(prefix, stream, f"{slug}.{stream.name}") for stream in streams]


def table_suffix(kind: type[Rollup]) -> str:
    """The name of a rollup's table without its plugin's prefix: `StampCount` is kept in `stamp_count`."""
    return _CAMEL.sub("_", kind.__name__).lower()


def key_fields(kind: type[Rollup]) -> tuple[str, ...]:
    """The fields that make the key of a rollup, beside the tenant."""
    return tuple(field.name for field in msgspec.structs.fields(kind) if field.required)


def value_fields(kind: type[Rollup]) -> tuple[str, ...]:
    """The fields of a rollup that are counted."""
    return tuple(field.name for field in msgspec.structs.fields(kind) if not field.required and field.name != "tenant")
