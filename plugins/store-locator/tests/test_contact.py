"""Phones, websites and e-mail addresses have one form; what cannot be read is refused with a reason."""

import pytest

from frontage_store_locator.contact import email_address, phone_number, shown_phone, shown_website, web_address

PHONES = {
    "as it is kept": ("+15550123", "", "+15550123"),
    "of the shop's country": ("2231-4567", "HN", "+50422314567"),
    "another country's, written out": ("+49 30 901820", "HN", "+4930901820"),
    "with the country's own prefix": ("030 901820", "DE", "+4930901820"),
    "in letters": ("1-800-FLOWERS", "US", "+18003569377"),
    "with an extension, which no page can dial": ("+1 217 555 0123 ext. 9", "", "+12175550123"),
    "nothing": ("  ", "US", ""),
}
NO_PHONES = {
    "words": ("call us", "US"),
    "no country": ("5550123", ""),
    "no such country code": ("+99912345", ""),
    "too long": ("+1234567890123456789", ""),
}
WEBSITES = {
    "as it is": ("https://example.com/a?b=c#d", "https://example.com/a?b=c#d"),
    "without a scheme": ("example.com/shop", "https://example.com/shop"),
    "with a port": ("example.com:8080", "https://example.com:8080"),
    "in capitals": ("HTTP://EXAMPLE.COM", "HTTP://EXAMPLE.COM"),
    "nothing": ("", ""),
}
NO_WEBSITES = {
    "a script": "javascript:alert(1)",
    "a script in disguise": "JaVaScRiPt://example.com/%0aalert(1)",
    "data": "data:text/html,x",
    "a file": "file:///etc/passwd",
    "mail": "mailto:a@example.com",
    "no host": "https://",
    "a scheme before a digit": "javascript:1",
    "a phone number": "tel:55501",
    "a space": "https://exa mple.com",
    "a line break": "https://example.com/\nx",
    "a password": "https://ann:pw@example.com",
    "a broken host": "https://[::1",
    "a port of letters": "https://example.com:http",
}


@pytest.mark.parametrize(("text", "country", "kept"), PHONES.values(), ids=PHONES)
def test_a_phone_is_kept_as_e164(text, country, kept):
    assert phone_number(text, country) == kept
    assert shown_phone(kept) == kept


@pytest.mark.parametrize(("text", "country"), NO_PHONES.values(), ids=NO_PHONES)
def test_what_is_no_phone_is_refused(text, country):
    with pytest.raises(ValueError, match=r"^Expected a phone number"):
        phone_number(text, country)


@pytest.mark.parametrize(("text", "kept"), WEBSITES.values(), ids=WEBSITES)
def test_a_website_is_http_or_https(text, kept):
    assert web_address(text) == kept
    assert shown_website(kept) == kept


@pytest.mark.parametrize("text", NO_WEBSITES.values(), ids=NO_WEBSITES)
def test_any_other_address_is_refused(text):
    with pytest.raises(ValueError, match=r"^Expected a URL"):
        web_address(text)


def test_pages_never_get_another_form():
    """Whatever stands in the table."""
    assert [shown_phone(text) for text in ("0800 1", "+0123", "+1234567890123456", "")] == [""] * 4
    assert [shown_website(text) for text in ("javascript:x", "//example.com", "ftp://x", "")] == [""] * 4


def test_an_email_address_has_one_at_and_a_domain():
    assert email_address(" ann@example.com ") == "ann@example.com"
    assert email_address("") == ""
    for text in ("ann", "ann@", "@example.com", "a b@example.com", "ann@example", "ann@example.com, bob@example.com"):
        with pytest.raises(ValueError, match="Expected an e-mail address"):
            email_address(text)
