"""How words are compared: without case, accents and punctuation, `Saint` like `St`, a postcode without its gaps."""

import re
import unicodedata
from collections.abc import Iterator

MOST_TOKENS = 12
LONGEST_KEY = 100
_SHARP = str.maketrans({"ß": "ss", "ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "þ": "th", "\u0131": "i"})
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_APOSTROPHES = re.compile(r"['`\u2019\u02bc]")
_WORD = re.compile(r"\w+")
_SAME = {"saint": "st", "sainte": "ste", "sankt": "st", "santa": "sta"}
_BRITISH = re.compile(r"([a-z]{1,2}\d[a-z\d]?)(\d[a-z]{2})")
_CANADIAN = re.compile(r"([a-z]\d[a-z])(\d[a-z]\d)")
_DUTCH = re.compile(r"(\d{4})([a-z]{2})")
_LONGER_ZIP = re.compile(r"(\d{5})(\d{4})")


def tokens_of(text: str) -> list[str]:
    """The words of a text as they are compared."""
    if text.isascii():
        return [_SAME.get(word, word) for word in _WORD.findall(_APOSTROPHES.sub("", text.casefold()))]
    lowered = _APOSTROPHES.sub("", unicodedata.normalize("NFKC", text).casefold()).translate(_SHARP)
    # Marks are taken off Latin letters alone: in other scripts they are letters of their own.
    plain = "".join(one for one in unicodedata.normalize("NFKD", lowered) if not "\u0300" <= one <= "\u036f")
    return [_SAME.get(word, word) for word in _WORD.findall(unicodedata.normalize("NFC", plain))]


def key_of(text: str) -> str:
    """A whole text as one key."""
    return " ".join(tokens_of(text))[:LONGEST_KEY]


def keys_of(text: str) -> set[str]:
    """Every key under which a name is found: `München` is `munchen` and `muenchen`."""
    keys = {key_of(text)}
    if not text.isascii():
        spelled_out = unicodedata.normalize("NFC", text).casefold().translate(_UMLAUTS)
        keys.add(key_of(spelled_out))
    return keys - {""}


def postcode_key(text: str) -> str:
    """A postcode as one key."""
    return "".join(tokens_of(text))[:LONGEST_KEY]


def wider_postcodes(key: str) -> Iterator[str]:
    """The areas that a full postcode lies in, where a country's codes are made of two parts."""
    for form in (_BRITISH, _CANADIAN, _DUTCH, _LONGER_ZIP):
        if found := form.fullmatch(key):
            yield found[1]


def has_digit(token: str) -> bool:
    """Whether a word may be a number of a house or a postcode."""
    return any(one.isdigit() for one in token)
