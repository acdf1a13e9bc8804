"""An address in one line."""

from functools import lru_cache


def one_line(address: str, address2: str, city: str, region: str, postal_code: str, country: str) -> str:
    """The parts of an address that there are, joined by commas; `country` is a code and becomes a name."""
    area = f"{region} {postal_code}".strip()
    parts = (address, address2, city, area, country_name(country))
    return ", ".join(part for part in parts if part)


@lru_cache(maxsize=512)
def country_name(code: str) -> str:
    """The English short name of ISO 3166-1; a code that is none stands for itself."""
    from iso3166 import countries

    found = countries.get(code, None) if code else None
    return code if found is None else str(found.name)
