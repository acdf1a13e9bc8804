"""An address in one line: the parts that there are, in the order of the contract."""

import pytest

from frontage_store_locator.address import country_name, one_line

LINES = {
    "the contract's": (
        ("123 Main St", "", "Springfield", "IL", "62701", "US"),
        "123 Main St, Springfield, IL 62701, United States of America",
    ),
    "with a second line": (("1 High St", "Unit 2", "Leeds", "", "LS1 1AA", ""), "1 High St, Unit 2, Leeds, LS1 1AA"),
    "a region without a postal code": (("", "", "Tegucigalpa", "FM", "", "HN"), "Tegucigalpa, FM, Honduras"),
    "a country alone": (("", "", "", "", "", "DE"), "Germany"),
    "nothing": (("", "", "", "", "", ""), ""),
    "a code that is none": (("x", "", "", "", "", "XX"), "x, XX"),
}


@pytest.mark.parametrize(("parts", "line"), LINES.values(), ids=LINES)
def test_an_address_is_joined_and_skips_what_is_empty(parts, line):
    assert one_line(*parts) == line


def test_countries_have_the_english_short_names_of_iso_3166():
    names = [country_name(code) for code in ("US", "GB", "BO", "KR")]
    assert names == [
        "United States of America",
        "United Kingdom of Great Britain and Northern Ireland",
        "Bolivia, Plurinational State of",
        "Korea, Republic of",
    ]
