"""What a user agent says of whom it serves: a known bot or not, and the families of device, browser and system.

The families are a short, fixed list, so that whoever counts by them has few rows whatever is sent.
"""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from frontage.edge.bots import is_bot

if TYPE_CHECKING:
    from ua_parser import Parser

LONGEST = 512
"""Characters of a user agent that are looked at; no browser's is longer, and the rest could be anything."""
_REMEMBERED = 4096

OTHER, UNKNOWN = "Other", "unknown"
_BROWSERS = (
    "Chrome", "Safari", "Firefox", "Edge", "Samsung Internet", "Opera", "Facebook", "Instagram", "DuckDuckGo", "Brave",
    "Vivaldi", "Yandex Browser", "UC Browser", "QQ Browser", "MIUI Browser", "Huawei Browser", "Whale", "Silk",
    "Snapchat", "Pinterest", "Google", "IE", "Android",
)  # fmt: skip
_SYSTEMS = {"Mac OS X": "macOS", "Chrome OS": "ChromeOS", "Ubuntu": "Linux", "Fedora": "Linux", "Debian": "Linux"} | {
    name: name for name in ("Windows", "iOS", "Android", "Linux", "ChromeOS", "iPadOS", "tvOS", "Tizen", "HarmonyOS")
}
_WORD = re.compile(r"[A-Za-z ]+")


@dataclass(frozen=True, slots=True)
class Agent:
    """Who a user agent says it is."""

    is_bot: bool = False
    device: str = UNKNOWN
    """`mobile`, `tablet`, `desktop` or `unknown`."""
    browser: str = UNKNOWN
    os: str = UNKNOWN


_NOBODY = Agent()


def read_agent(user_agent: str | None) -> Agent:
    """Read a User-Agent header; without one nothing is known, and nobody is taken for a bot."""
    return _read(user_agent[:LONGEST]) if user_agent else _NOBODY


@lru_cache(_REMEMBERED)
def _read(text: str) -> Agent:
    if is_bot(text):
        return Agent(is_bot=True)
    parser = _parser()
    browser, system = parser.parse_user_agent(text), parser.parse_os(text)
    os = _SYSTEMS.get(system.family, OTHER) if system else UNKNOWN
    return Agent(False, _device(text, os), _browser(browser.family) if browser else UNKNOWN, os)


def _browser(family: str) -> str:
    """`Mobile Safari UI/WKWebView` is Safari, `Chrome Mobile WebView` is Chrome, `Edge Mobile` is Edge."""
    words = _WORD.match(family.removeprefix("Mobile ").removeprefix("Headless"))
    plain = words[0].strip() if words else ""
    return next((name for name in _BROWSERS if plain == name or plain.startswith(f"{name} ")), OTHER)


def _device(text: str, os: str) -> str:
    if "iPad" in text or "Tablet" in text or (os == "Android" and "Mobile" not in text):
        return "tablet"
    if "Mobi" in text or os == "iOS":
        return "mobile"
    return "desktop" if os in {"Windows", "macOS", "Linux", "ChromeOS"} else UNKNOWN


@cache
def _parser() -> "Parser":
    # Its pattern for devices is by far the largest and tells models, of which the kind does not follow.
    from ua_parser import Parser
    from ua_parser.loaders import load_lazy_builtins
    from ua_parser.regex import Resolver

    return Parser(Resolver(load_lazy_builtins()))
