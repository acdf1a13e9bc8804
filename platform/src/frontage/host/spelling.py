"""The word that somebody probably meant."""

from collections.abc import Collection
from difflib import get_close_matches


def closest(word: str, known: Collection[str]) -> list[str]:
    """Up to three known words that resemble this one, the likeliest first, whatever their case."""
    folded = {candidate.casefold(): candidate for candidate in known}
    return [folded[match] for match in get_close_matches(word.casefold(), folded, n=3, cutoff=0.6)]


def did_you_mean(word: str, known: Collection[str], otherwise: str) -> str:
    """A question that names the likeliest word, or `otherwise` when nothing resembles it."""
    matches = closest(word, known)
    return f'Did you mean "{matches[0]}"?' if matches else otherwise
