"""From a row's Struct to columns: the type of each on both databases, and a value's form on its way there."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from operator import attrgetter
from types import NoneType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator, TypeEngine

from frontage.base.tables import Json, UtcDateTime
from frontage.intake.stream import Event, Rollup

Kind = Literal["uuid", "moment", "day", "text", "integer", "float", "boolean", "decimal", "bytes", "json"]


class ExactDecimal(TypeDecorator[Decimal]):
    """A decimal that stays exact: numeric on PostgreSQL, text on SQLite, whose numbers are binary."""

    impl = sa.Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        """Choose the type of the database."""
        return dialect.type_descriptor(sa.Text() if dialect.name == "sqlite" else sa.Numeric())

    def process_bind_param(self, value: Decimal | None, dialect: sa.Dialect) -> Any:
        """Send text to SQLite."""
        return str(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Decimal | None:
        """Give a Decimal back."""
        del dialect
        return None if value is None else Decimal(value)


_TYPES: dict[Kind, tuple[type[TypeEngine[Any]] | TypeEngine[Any], str]] = {
    "uuid": (sa.Uuid(), "uuid"),
    "moment": (UtcDateTime(), "timestamptz"),
    "day": (sa.Date(), "date"),
    "text": (sa.Text(), "text"),
    "integer": (sa.BigInteger(), "bigint"),
    "float": (sa.Double(), "double precision"),
    "boolean": (sa.Boolean(), "boolean"),
    "decimal": (ExactDecimal(), "numeric"),
    "bytes": (sa.LargeBinary(), "bytea"),
    "json": (Json, "jsonb"),
}
_SIMPLE: dict[Any, Kind] = {
    UUID: "uuid",
    datetime: "moment",
    date: "day",
    str: "text",
    int: "integer",
    float: "float",
    bool: "boolean",
    Decimal: "decimal",
    bytes: "bytes",
}


def _json_text(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _moment_text(value: datetime) -> str:
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


SQLITE_FORMS: dict[Kind, Callable[[Any], Any]] = {
    "uuid": attrgetter("hex"),
    "moment": _moment_text,
    "day": date.isoformat,
    "decimal": str,
    "json": _json_text,
}
_FROM_SQLITE: dict[Kind, Callable[[Any], Any]] = {
    "uuid": UUID,
    "moment": lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC),
    "day": date.fromisoformat,
    "boolean": bool,
    "decimal": Decimal,
    "json": msgspec.json.decode,
}
_FOR_POSTGRESQL: dict[Kind, Callable[[Any], Any]] = {"json": _json_text}
_FROM_POSTGRESQL: dict[Kind, Callable[[Any], Any]] = {"json": msgspec.json.decode}


@dataclass(frozen=True, slots=True)
class Column:
    """A column: where its value stands in the Struct, and what it is."""

    name: str
    field: str
    kind: Kind
    nullable: bool = False
    text_enum: bool = False

    @property
    def postgres_type(self) -> str:
        """Its type in a statement for PostgreSQL."""
        return _TYPES[self.kind][1]

    def table_column(self, *, primary_key: bool = False) -> sa.Column[Any]:
        """The column of a table."""
        kind = _TYPES[self.kind][0]
        return sa.Column(self.name, kind, primary_key=primary_key, nullable=self.nullable, autoincrement=False)

    def writer(self, converters: dict[Kind, Callable[[Any], Any]]) -> Callable[[Any], Any] | None:
        """What turns a value into its form on the wire, or None when it goes as it is."""
        convert = _enum_value if self.text_enum else converters.get(self.kind)
        if convert is None or not self.nullable:
            return convert
        return lambda value: None if value is None else convert(value)


def _enum_value(value: Any) -> Any:
    return getattr(value, "value", value)


def _column(name: str, annotation: Any) -> Column:
    bare, nullable = _bare(annotation)
    if bare in _SIMPLE:
        return Column(name, name, _SIMPLE[bare], nullable)
    if get_origin(bare) is Literal:
        return Column(name, name, _SIMPLE.get(type(get_args(bare)[0]), "json"), nullable)
    if isinstance(bare, type) and issubclass(bare, str | int) and hasattr(bare, "__members__"):
        return Column(name, name, "text" if issubclass(bare, str) else "integer", nullable, text_enum=True)
    return Column(name, name, "json", nullable)


def _bare(annotation: Any) -> tuple[Any, bool]:
    """An annotation without its limits and without None, and whether None was in it."""
    if hasattr(annotation, "__metadata__"):
        return _bare(annotation.__origin__)
    arguments = get_args(annotation)
    if NoneType not in arguments:
        return annotation, False
    others = [argument for argument in arguments if argument is not NoneType]
    return (_bare(others[0])[0] if len(others) == 1 else Union[tuple(others)]), True  # noqa: UP007


def event_columns(row: type[Event]) -> tuple[Column, ...]:
    """The columns of a stream's table; the first three make its key."""
    hints = get_type_hints(row, include_extras=True)
    known = ("tenant", "id", "occurred", "received")
    return (
        Column("tenant_id", "tenant", "uuid"),
        Column("utc_day", "occurred", "day"),
        Column("id", "id", "uuid"),
        Column("occurred", "occurred", "moment"),
        Column("received", "received", "moment"),
        *(_column(name, hints[name]) for name in row.__struct_fields__ if name not in known),
    )


def rollup_columns(kind: type[Rollup]) -> tuple[Column, ...]:
    """The columns of a rollup's table."""
    hints = get_type_hints(kind, include_extras=True)
    fields = [name for name in kind.__struct_fields__ if name != "tenant"]
    return (Column("tenant_id", "tenant", "uuid"), *(_column(name, hints[name]) for name in fields))


RowReader = Callable[[Any], tuple[Any, ...]]


def row_reader(columns: tuple[Column, ...], dialect: Literal["postgresql", "sqlite"]) -> RowReader:
    """What reads a Struct as a row for this database."""
    # The UTC day is read from `occurred`: a moment in UTC is taken for its day by asyncpg, and by `date.isoformat` too.
    fields: RowReader = attrgetter(*(column.field for column in columns))
    converters = SQLITE_FORMS if dialect == "sqlite" else _FOR_POSTGRESQL
    written = ((at, column.writer(converters)) for at, column in enumerate(columns))
    writers = [(at, write) for at, write in written if write is not None]
    if not writers:
        return fields

    def read(struct: Any) -> tuple[Any, ...]:
        row = list(fields(struct))
        for at, write in writers:
            row[at] = write(row[at])
        return tuple(row)

    return read


def struct_maker(
    kind: type[Any], columns: tuple[Column, ...], dialect: Literal["postgresql", "sqlite"]
) -> Callable[[Any], Any]:
    """What makes a Struct of a row of this database; the row has exactly these columns."""
    converters = _FROM_SQLITE if dialect == "sqlite" else _FROM_POSTGRESQL
    readers = [(column.field, converters.get(column.kind)) for column in columns if column.name != "utc_day"]
    places = [at for at, column in enumerate(columns) if column.name != "utc_day"]
    strict = any(column.text_enum or column.kind == "json" for column in columns)

    def make(row: Any) -> Any:
        values = {
            field: row[at] if convert is None or row[at] is None else convert(row[at])
            for at, (field, convert) in zip(places, readers, strict=True)
        }
        return msgspec.convert(values, twin(kind)) if strict else kind(**values)

    return make


_twins: dict[type[Any], type[Any]] = {}


def twin(row: type[Any]) -> type[Any]:
    """The same kind of row without the limits of its fields: what was accepted once is read back as it is."""
    if row not in _twins:
        hints = get_type_hints(row, include_extras=True)
        fields: list[Any] = []
        for field in msgspec.structs.fields(row):
            bare, nullable = _bare(hints[field.name])
            fields.append(_field(field, bare | None if nullable else bare))
        _twins[row] = msgspec.defstruct(row.__name__, fields, bases=(row,), kw_only=True)
    return _twins[row]


def _field(field: Any, kind: Any) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return (field.name, kind, msgspec.field(default_factory=field.default_factory))
    return (field.name, kind) if field.required else (field.name, kind, field.default)


def packed_reader(row: type[Event]) -> Callable[[bytes], list[Any]]:
    """What reads packed events of this kind back."""
    return msgspec.msgpack.Decoder(list[twin(row)]).decode  # type: ignore[misc]
