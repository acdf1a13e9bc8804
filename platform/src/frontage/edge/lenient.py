"""Reading a body into a Struct with the lenience that pages and their relays need.

A body that fits is decoded at once. Only one that does not is rewritten, member by member, into the JSON that its
sender meant, and decoded again: the decoder alone says what is valid, and who needs no lenience pays nothing for it.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, Generic, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, Raw, UnsetType
from msgspec.inspect import (
    AnyType,
    CustomType,
    DictType,
    FloatType,
    IntType,
    ListType,
    Metadata,
    NoneType,
    StrType,
    StructType,
    Type,
    UnionType,
    type_info,
)
from msgspec.structs import FieldInfo

from frontage.edge.bodies import (
    NOT_JSON,
    WHITE_SPACE,
    FieldError,
    InvalidBodyError,
    UnreadableBodyError,
    decode_form,
    explain,
    looks_like_json,
    mended,
)
from frontage.edge.kept import fits, reason_not_to_keep

S = TypeVar("S", bound=msgspec.Struct)

_NUMBER_AS_TEXT = "number_as_text"
IdText: TypeAlias = Annotated[str, msgspec.Meta(extra={_NUMBER_AS_TEXT: True})]
"""An id that is text and may come as a number, which is kept digit by digit as it was written."""

_EMPTY_LIST = re.compile(rb"\A\[[ \t\r\n]*\]\Z")
_DIGITS = re.compile(rb'\A"(-?)0*(\d{1,19})"\Z')
_ITEMS = msgspec.json.Decoder(list[Raw])

Rewrite: TypeAlias = Callable[[bytes], bytes]
Watch: TypeAlias = Callable[[Any, str], Sequence[FieldError]]
Kinds: TypeAlias = dict[object, Type]


class BodyReader(Generic[S]):
    """Reads bodies into one Struct; `forms` takes forms too.

    null is absent, `[]` an empty object, digits an integer, a number an `IdText`. Integers keep to 64 bits and every
    `dict` to the bounds of a kept object.
    """

    def __init__(self, struct: type[S], *, forms: bool = False) -> None:
        self._decoder = msgspec.json.Decoder(struct)
        self._shape = _Shape(struct)
        self._whole = _Reading(type_info(struct))
        self._forms = forms

    def read(self, body: bytes) -> S:
        """The Struct of a body as it came, or UnreadableBodyError, or InvalidBodyError with all wrong fields."""
        if self._forms and not body.startswith(b"{") and not looks_like_json(body):
            return self._read_leniently(msgspec.json.encode(decode_form(body)))
        return self.read_mended(mended(body))

    def read_mended(self, part: bytes | Raw) -> S:
        """The same for JSON out of a body that was mended as a whole, such as one event of many."""
        try:
            return self._without_misfits(self._decoder.decode(part))
        except msgspec.ValidationError:
            return self._read_leniently(bytes(part))
        except NOT_JSON:
            raise UnreadableBodyError from None

    def _read_leniently(self, part: bytes) -> S:
        try:
            return self._without_misfits(self._decode_leniently(part))
        except NOT_JSON:
            raise UnreadableBodyError from None

    def _decode_leniently(self, part: bytes) -> S:
        plain = self._whole.rewrite(part.strip(WHITE_SPACE))
        try:
            return self._decoder.decode(plain)
        except msgspec.ValidationError as error:
            raise InvalidBodyError(self._shape.mistakes(plain) or [explain(error)]) from None

    def _without_misfits(self, value: S) -> S:
        if misfits := self._shape.misfits(value):
            raise InvalidBodyError(misfits)
        return value


class _Shape:
    """The members of a Struct, and its twin whose members are all optional and unread."""

    def __init__(self, struct: type[msgspec.Struct]) -> None:
        self._members = [_Member(field) for field in msgspec.structs.fields(struct)]
        self.watched = [
            (member.name, member.field, member.reading.watches) for member in self._members if member.reading.watches
        ]
        twin = msgspec.defstruct(
            struct.__name__,
            [(member.name, Raw | UnsetType, UNSET) for member in self._members],
            rename={member.name: member.field for member in self._members},
        )
        self._twin = msgspec.json.Decoder(twin)

    def rewrite(self, text: bytes) -> bytes:
        """The object with what its sender meant: nulls left out, members in the form that their types ask for."""
        twin = self._twin.decode(text)
        for member in self._members:
            raw = getattr(twin, member.name)
            if raw is not UNSET:
                setattr(twin, member.name, member.rewrite(bytes(raw)))
        return msgspec.json.encode(twin)

    def mistakes(self, text: bytes) -> list[FieldError]:
        """What is wrong with each member of an object that the decoder refused; none for what is no object."""
        if not text.startswith(b"{"):
            return []
        twin = self._twin.decode(text)
        found = (member.mistake(getattr(twin, member.name)) for member in self._members)
        return [mistake for mistake in found if mistake is not None]

    def misfits(self, value: msgspec.Struct, under: str = "") -> list[FieldError]:
        """The members that were decoded and yet cannot be kept."""
        found: list[FieldError] = []
        for name, field, watches in self.watched:
            member = getattr(value, name)
            if watch := watches.get(type(member)):
                found += watch(member, under + field)
        return found


class _Member:
    """One member of a Struct: `name` in Python, `field` on the wire."""

    def __init__(self, member: FieldInfo) -> None:
        self.name, self.field, self._required = member.name, member.encode_name, member.required
        self._decoder = msgspec.json.Decoder(member.type)
        self.reading = _Reading(type_info(member.type))
        if self.reading.nullable and member.default is not None:
            raise TypeError(f"{self.field}: null means absent, so a member that may be None has None as its default")

    def rewrite(self, raw: bytes) -> Raw | UnsetType:
        return UNSET if raw == b"null" else Raw(self.reading.rewrite(raw))

    def mistake(self, raw: Raw | UnsetType) -> FieldError | None:
        if isinstance(raw, UnsetType):
            return FieldError(self.field, "Required.") if self._required else None
        try:
            value = self._decoder.decode(raw)
        except msgspec.ValidationError as error:
            return explain(error, under=self.field)
        return next(iter(self.reading.misfits(value, self.field)), None)


class _Reading:
    """How values of one type are rewritten, told by their first character, and watched, told by their class."""

    def __init__(self, info: Type) -> None:
        kinds = dict(_kinds(info))
        self.nullable = not kinds.keys().isdisjoint({NoneType, AnyType})
        self._rewrites = dict(_rewrites(kinds))
        self.watches = dict(_watches(kinds))
        if isinstance(struct := kinds.get(StructType), StructType):
            self._add_members(struct.cls, _Shape(struct.cls))
        if isinstance(items := kinds.get(ListType), ListType):
            self._add_items(_Reading(items.item_type))

    def rewrite(self, text: bytes) -> bytes:
        """The JSON that its sender meant; what is right already, or beyond help, stays as it is."""
        change = self._rewrites.get(text[:1])
        return change(text) if change else text

    def misfits(self, value: object, field: str) -> Sequence[FieldError]:
        """What in a decoded value cannot be kept."""
        watch = self.watches.get(type(value))
        return watch(value, field) if watch else ()

    def _add_members(self, struct: type[msgspec.Struct], shape: _Shape) -> None:
        self._rewrites[b"{"] = shape.rewrite
        if shape.watched:
            self.watches[struct] = lambda value, field: shape.misfits(value, f"{field}.")

    def _add_items(self, item: "_Reading") -> None:
        self._rewrites[b"["] = lambda text: msgspec.json.encode(
            [Raw(item.rewrite(bytes(raw))) for raw in _ITEMS.decode(text)]
        )
        if item.watches:
            self.watches[list] = lambda values, field: [
                misfit for place, value in enumerate(values) for misfit in item.misfits(value, f"{field}.{place}")
            ]


def _kinds(info: Type) -> Iterator[tuple[object, Type]]:
    if isinstance(info, UnionType):
        for member in info.types:
            yield from _kinds(member)
    elif isinstance(info, Metadata):
        if info.extra and info.extra.get(_NUMBER_AS_TEXT):
            yield _NUMBER_AS_TEXT, info.type
        yield from _kinds(info.type)
    elif info == CustomType(object):
        yield AnyType, info
    else:
        yield type(info), info


def _rewrites(kinds: Kinds) -> Iterator[tuple[bytes, Rewrite]]:
    # Nothing is rewritten that another member of the union takes as it is.
    if kinds.keys() & {StructType, DictType} and ListType not in kinds:
        yield b"[", lambda text: _EMPTY_LIST.sub(b"{}", text)
    if IntType in kinds and StrType not in kinds:
        yield b'"', lambda text: _DIGITS.sub(rb"\1\2", text)
    if _NUMBER_AS_TEXT in kinds and not kinds.keys() & {IntType, FloatType}:
        for first in b"-0123456789":
            yield bytes([first]), lambda text: b'"%b"' % text


def _watches(kinds: Kinds) -> Iterator[tuple[type, Watch]]:
    if DictType in kinds:
        yield dict, _object_misfits
    if IntType in kinds:
        yield int, _integer_misfits


def _object_misfits(value: dict[str, Any], field: str) -> Sequence[FieldError]:
    reason = reason_not_to_keep(value)
    return () if reason is None else (FieldError(field, reason),)


def _integer_misfits(value: int, field: str) -> Sequence[FieldError]:
    return () if fits(value) else (FieldError(field, "Expected an integer of 64 bits."),)
