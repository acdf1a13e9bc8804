"""Countries by the names that people give them."""

from functools import cache

from frontage_store_locator.words.folding import key_of, tokens_of

_ALSO = {
    "US": "usa america united states u s a states estados unidos eeuu",
    "GB": "uk great britain britain england scotland wales united kingdom",
    "DE": "deutschland alemania allemagne germania duitsland alemanha",
    "AT": "oesterreich österreich autriche",
    "CH": "schweiz suisse svizzera suiza",
    "FR": "frankreich francia frankrijk",
    "ES": "españa spanien espagne spagna espanha",
    "IT": "italia italien italie",
    "NL": "nederland holland niederlande the netherlands netherlands",
    "BE": "belgique belgië belgie belgien",
    "BR": "brasil brasilien",
    "MX": "méxico mexiko",
    "CZ": "czech republic cesko",
    "KR": "korea south korea",
    "RU": "russia",
    "VN": "vietnam",
    "TR": "turkey tuerkei",
    "HN": "honduras",
    "AE": "uae",
}
_PHRASES = (
    "united states", "u s a", "estados unidos", "great britain", "united kingdom", "the netherlands", "czech republic",
    "south korea",
)  # fmt: skip


@cache
def names_of(country: str) -> frozenset[str]:
    """The keys of a country: its codes and its names."""
    from iso3166 import countries_by_alpha2

    found = countries_by_alpha2.get(country)
    if found is None:
        return frozenset({country.lower()} if country else ())
    names = {found.alpha2, found.alpha3, found.name, found.apolitical_name, *_split(_ALSO.get(country, ""))}
    return frozenset(key_of(name) for name in names)


@cache
def country_of(text: str) -> str | None:
    """The code of the country that a text names, in its own language or in English."""
    return _by_name().get(" ".join(tokens_of(text)))


def label_of(country: str) -> str:
    """The name of a country as people read it."""
    from iso3166 import countries_by_alpha2

    found = countries_by_alpha2.get(country)
    return found.apolitical_name if found else country


@cache
def _by_name() -> dict[str, str]:
    from iso3166 import countries_by_alpha2

    return {name: code for code in countries_by_alpha2 for name in names_of(code)}


def _split(text: str) -> list[str]:
    phrases = [phrase for phrase in _PHRASES if phrase in text]
    for phrase in phrases:
        text = text.replace(phrase, " ")
    return phrases + text.split()
