"""Rate-limit policies: some windows, and whom they are counted for."""

import re
from collections.abc import Iterable
from enum import StrEnum

import msgspec

LONGEST_WINDOW = 31 * 86_400
LARGEST_QUOTA = 10**9
_WINDOW = re.compile(r"\s*(\d{1,10})\s*;\s*w\s*=\s*(\d{1,8})\s*")


class Per(StrEnum):
    """What a policy is counted for."""

    KEY = "key"
    TENANT = "tenant"
    ADDRESS = "address"


class Window(msgspec.Struct, frozen=True, order=True):
    """At most `quota` requests in any `seconds` seconds. A Struct for its hash, which every request needs."""

    quota: int
    seconds: int

    def __str__(self) -> str:
        return f"{self.quota};w={self.seconds}"


class PolicyFormatError(ValueError):
    """A text that is no policy; the message says what was expected."""


def parse_windows(source: str | Iterable[str]) -> tuple[Window, ...]:
    """The windows written as `"300;w=60"`, `"300;w=60, 10000;w=86400"` or a list of such."""
    texts = source.split(",") if isinstance(source, str) else [part for text in source for part in text.split(",")]
    windows = tuple(_parse_window(text) for text in texts)
    quotas = {window.quota for window in windows}
    if not windows:
        raise PolicyFormatError('at least one window such as "300;w=60"')
    if len(quotas) < len(windows):
        raise PolicyFormatError("windows with different quotas: a client could not tell two equal ones apart")
    return windows


def _parse_window(text: str) -> Window:
    found = _WINDOW.fullmatch(text)
    if not found:
        raise PolicyFormatError('windows such as "300;w=60" (quota, then seconds)')
    window = Window(quota=int(found[1]), seconds=int(found[2]))
    if not (1 <= window.quota <= LARGEST_QUOTA and 1 <= window.seconds <= LONGEST_WINDOW):
        raise PolicyFormatError(f"a quota of 1 to {LARGEST_QUOTA} and a window of 1 to {LONGEST_WINDOW} seconds")
    return window


def format_windows(windows: tuple[Window, ...]) -> str:
    """The text that `parse_windows` reads back."""
    return ", ".join(str(window) for window in windows)


class Policy:
    """Default windows and what they are counted for; a tenant's file or a key may put other windows in their place."""

    __slots__ = ("per", "windows")

    def __init__(self, windows: str | Iterable[str], per: tuple[Per, ...]) -> None:
        self.windows = parse_windows(windows)
        self.per = per


KEY_POLICY_WINDOWS = parse_windows("300;w=60, 10000;w=86400")
