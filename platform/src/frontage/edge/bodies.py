"""What browsers and their relays send: reading a body in full, mending its JSON, and telling what is wrong with it."""

import re
from typing import Any, ClassVar, NamedTuple, TypeVar
from urllib.parse import parse_qsl

import msgspec
from litestar.types import Receive

from frontage.base.errors import FrontageError

T = TypeVar("T")

BOM = b"\xef\xbb\xbf"
WHITE_SPACE = b" \t\r\n"
MOST_FORM_FIELDS = 128

# What a decoder raises for bytes that are no JSON; its ValidationError, a DecodeError too, is to be caught before.
NOT_JSON = (msgspec.DecodeError, UnicodeError, RecursionError)


class BodyTooLargeError(FrontageError):
    """A body over the cap of its route, declared or streamed."""

    error_code: ClassVar[str] = "payload_too_large"
    status: ClassVar[int] = 413

    def __init__(self, cap: int) -> None:
        super().__init__(f"The body is larger than {cap} bytes.")
        self.cap = cap


class ClientGoneError(FrontageError):
    """The client left before its body was complete; nobody reads an answer."""

    error_code: ClassVar[str] = "bad_request"
    status: ClassVar[int] = 400

    def __init__(self) -> None:
        super().__init__("The client left before its body was complete.")


class UnreadableBodyError(FrontageError):
    """A body that is no JSON, no form, not UTF-8, or nested deeper than the parser goes."""

    error_code: ClassVar[str] = "bad_request"
    status: ClassVar[int] = 400

    def __init__(self, detail: str = "The body is not readable as JSON.") -> None:
        super().__init__(detail)


class FieldError(NamedTuple):
    """What is wrong with one field, named by its dotted path (`body` for the whole), without its value."""

    field: str
    message: str


class InvalidBodyError(FrontageError):
    """A body that was read and does not fit, with every field that is known to be wrong."""

    error_code: ClassVar[str] = "validation_error"
    status: ClassVar[int] = 422

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__("The body has invalid fields.")
        self.errors = errors


class InvalidFieldError(InvalidBodyError):
    """One wrong field; the `__post_init__` of a Struct may raise it to name a field of its own."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__([FieldError(field, message)])


async def read_body(receive: Receive, content_length: bytes | None, cap: int) -> bytes:
    """The whole body of a request, of at most `cap` bytes whatever its header declares."""
    if content_length is not None and _declares_more(content_length, cap):
        raise BodyTooLargeError(cap)
    message = await receive()
    if message["type"] != "http.request":
        raise ClientGoneError
    body = message.get("body", b"")
    if message.get("more_body", False):
        body = await _read_rest(receive, body, cap)
    if len(body) > cap:
        raise BodyTooLargeError(cap)
    return body


class Upload:
    """A `receive` that tells of a client which left in the middle of its body as ClientGoneError, not as a fault."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._complete = False

    async def __call__(self) -> Any:
        """The next message; after the body is complete, whatever it is."""
        message = await self._receive()
        if message["type"] == "http.request":
            self._complete = not message.get("more_body", False)
        elif not self._complete:
            raise ClientGoneError
        return message


def _declares_more(content_length: bytes, cap: int) -> bool:
    # A length that is no number is left to the count; one of 19 digits and more is too much for int() to be asked.
    return content_length.isdigit() and (len(content_length) > 18 or int(content_length) > cap)


async def _read_rest(receive: Receive, first: bytes, cap: int) -> bytes:
    parts, size, more = [first], len(first), True
    while more and size <= cap:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGoneError
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more = message.get("more_body", False)
    return b"".join(parts)


def is_encoded(content_encoding: bytes | None) -> bool:
    """Whether a Content-Encoding is anything but absent, empty or identity."""
    return content_encoding is not None and content_encoding.strip().lower() not in {b"", b"identity"}


def looks_like_json(body: bytes) -> bool:
    """Whether the first character other than white space opens an object or a list."""
    first = body[:1]
    if first not in {b"{", b"["}:
        first = body.removeprefix(BOM).lstrip(WHITE_SPACE)[:1]
    return first in {b"{", b"["}


_SUSPECT_ESCAPE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
# An escape counts only after an even number of backslashes. A pair is matched whole, so that neither half looks alone.
_ESCAPE_TO_MEND = re.compile(
    rb"(?<!\\)((?:\\\\)*)"
    rb"(\\u(?:0000|[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|[dD][89a-fA-F][0-9a-fA-F]{2}))"
)
_PAIR_LENGTH = 12


def mended(body: bytes) -> bytes:
    """The same JSON without byte order mark and NUL, each lone surrogate a U+FFFD; bad UTF-8 anywhere is unreadable.

    The decoder checks no UTF-8 in what it skips, and it refuses lone surrogates.
    """
    if not body.isascii():
        body = _checked_utf8(body)
    # One byte is found by memchr, ten times faster than two; most bodies hold no backslash at all.
    if b"\\" in body and _SUSPECT_ESCAPE.search(body):
        return _ESCAPE_TO_MEND.sub(_mend_escape, body)
    return body


def _checked_utf8(body: bytes) -> bytes:
    try:
        body.decode()
    except UnicodeDecodeError:
        raise UnreadableBodyError from None
    return body.removeprefix(BOM)


def _mend_escape(found: re.Match[bytes]) -> bytes:
    backslashes, escape = found.groups()
    if escape == rb"\u0000":
        return backslashes
    return found[0] if len(escape) == _PAIR_LENGTH else backslashes + rb"\ufffd"


_NUL_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def holds_nul(body: bytes) -> bool:
    """Whether a text in JSON holds a NUL character, which PostgreSQL keeps in no text."""
    return rb"\u0000" in body and _NUL_ESCAPE.search(body) is not None


def decode_json(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """The value of a JSON body, or UnreadableBodyError, or InvalidFieldError for the first field that does not fit."""
    try:
        return decoder.decode(mended(body))
    except msgspec.ValidationError as error:
        wrong = explain(error)
        raise InvalidFieldError(wrong.field, wrong.message) from None
    except NOT_JSON:
        raise UnreadableBodyError from None


_PATH = re.compile(r" - at (?:`key` in )?`\$([^`]*)`$")
_MISSING = re.compile(r"Object missing required field `([^`]+)`")
# The messages that speak of the type alone; those about enums, tags and unknown members quote what was sent.
_VALUE_FREE = re.compile(
    r"Expected .*|.* out of range|Invalid (?:UUID|RFC3339 .*|ISO8601 .*|decimal string|base64 .*|epoch .*)"
)


def explain(error: msgspec.ValidationError, under: str = "") -> FieldError:
    """The field that a decoder refused and why, in words that never hold what was sent."""
    text = str(error)
    path = _PATH.search(text)
    message = text[: path.start()] if path else text
    if text.startswith("Object contains unknown field"):
        return FieldError(under or "body", "Contains a member that is not known.")
    missing = _MISSING.fullmatch(message)
    names = [under, _dotted(path[1]) if path else "", missing[1] if missing else ""]
    return FieldError(".".join(filter(None, names)) or "body", "Required." if missing else _neutral(error, message))


def _dotted(path: str) -> str:
    # `[...]` stands for a key that the client chose; the field is what holds it.
    known, _, _ = path.partition("[...]")
    return re.sub(r"\[(\d+)\]", r".\1", known).strip(".")


def _neutral(error: msgspec.ValidationError, message: str) -> str:
    # With a cause the words are those of a Struct's own check, which may quote the value.
    if error.__cause__ is None and _VALUE_FREE.fullmatch(message):
        return message.replace(" | null", "") + "."
    return "Not a value that is allowed here."


_FORM_MEMBER = re.compile(r"([^\[\]]+)\[([^\[\]]+)\]")


def decode_form(body: bytes) -> dict[str, Any]:
    """The fields of a form as text, `metadata[x]` as a member of an object; of a repeated name the last wins."""
    try:
        text = body.removeprefix(BOM).decode()
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FORM_FIELDS, errors="strict")
    except ValueError:
        raise UnreadableBodyError("The body is not readable as a form.") from None
    form: dict[str, Any] = {}
    for name, value in pairs:
        _put(form, name.replace("\0", ""), value.replace("\0", ""))
    return form


def _put(form: dict[str, Any], name: str, text: str) -> None:
    member = _FORM_MEMBER.fullmatch(name)
    if member is None:
        form[name] = text
        return
    if not isinstance(form.get(member[1]), dict):
        form[member[1]] = {}
    form[member[1]][member[2]] = text
