"""Bodies that nobody should send, byte by byte: endless, and the same for the same seed."""

import random
from collections.abc import Callable, Iterator

_PIECES = (
    b"\x00", b"\xff", b"\xfe\xff", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf", b"\\ud800", b"\\u0000",
    b"\\udfff\\ud800", b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"null", b"NaN", b"-Infinity", b"-0", b"1e400", b"1e-400",
    b"9223372036854775808", b"-9223372036854775809", b"0" * 400, b"9" * 5000, b"1.", b".5", b"+1", b"0x10", b"1_0", b"true",
    b" ", b"\r\n", b"\x1f", b"\x7f", b"&a=b", b"%00", b"%ff", b"a[b][c]=d", b"/*", b"<!--", b"'", b"$gt",
)  # fmt: skip
_DEPTHS = (17, 900, 1_100, 100_000)
_LONGEST = 70_000
Change = Callable[[random.Random, bytes], bytes]


def _flip(chance: random.Random, body: bytes) -> bytes:
    at = chance.randrange(len(body))
    return body[:at] + bytes([body[at] ^ 1 << chance.randrange(8)]) + body[at + 1 :]


def _cut(chance: random.Random, body: bytes) -> bytes:
    return body[: chance.randrange(len(body))]


def _leave_out(chance: random.Random, body: bytes) -> bytes:
    start = chance.randrange(len(body))
    return body[:start] + body[start + chance.randrange(1, 9) :]


def _insert(chance: random.Random, body: bytes) -> bytes:
    at = chance.randrange(len(body) + 1)
    return body[:at] + chance.choice(_PIECES) + body[at:]


def _repeat(chance: random.Random, body: bytes) -> bytes:
    start = chance.randrange(len(body))
    part = body[start : start + chance.randrange(1, 40)]
    return body[:start] + part * chance.choice((2, 3, 50)) + body[start:]


def _replace_value(chance: random.Random, body: bytes) -> bytes:
    """Something else after one of the colons, so that what comes is JSON more often than not."""
    colons = [at for at, byte in enumerate(body) if byte == ord(":")]
    if not colons:
        return _insert(chance, body)
    start = chance.choice(colons) + 1
    end = min((at for at in (body.find(b",", start), body.find(b"}", start)) if at > 0), default=len(body))
    return body[:start] + _value(chance) + body[end:]


def _value(chance: random.Random) -> bytes:
    depth = chance.choice(_DEPTHS)
    return chance.choice(
        (
            b"null", b"[]", b"{}", b"true", b'""', b"1e400", b"-1", b"0.1", b"9" * 30, b'"\\ud800"', b'"\\u0000"', b'"\xff"',
            b'"' + b"x" * 20_000 + b'"', b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth, b"[" * depth,
        )
    )  # fmt: skip


def _nest(chance: random.Random, body: bytes) -> bytes:
    depth = chance.choice(_DEPTHS)
    return chance.choice(
        (b"[" * depth + body + b"]" * depth, b'{"x":' * depth + body + b"}" * depth, b"[" * depth + body)
    )


def _noise(chance: random.Random, _body: bytes) -> bytes:
    return chance.randbytes(chance.choice((1, 7, 64, 4_000)))


def _swell(chance: random.Random, body: bytes) -> bytes:
    """About as large as a body may be, and a little larger."""
    return body + b" " * (chance.choice((65_536, 262_144)) - len(body) + chance.choice((-1, 0, 1)))


_CHANGES: tuple[Change, ...] = (
    _flip, _flip, _cut, _leave_out, _insert, _insert, _insert, _repeat, _replace_value, _replace_value, _replace_value,
    _nest, _noise, _swell,
)  # fmt: skip


def hostile_bodies(right: bytes, seed: object) -> Iterator[bytes]:
    """One right body, changed in one to four ways at a time; without end."""
    chance = random.Random(str(seed))
    while True:
        body = right
        for _ in range(chance.choice((1, 1, 2, 4))):
            if 0 < len(body) < _LONGEST:
                body = chance.choice(_CHANGES)(chance, body)
        yield body


def in_pieces(body: bytes, chance: random.Random) -> list[bytes]:
    """A body as a network may hand it over: cut anywhere, with empty pieces among them."""
    cuts = sorted(chance.randrange(len(body) + 1) for _ in range(chance.choice((0, 1, 2, 7))))
    return [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
