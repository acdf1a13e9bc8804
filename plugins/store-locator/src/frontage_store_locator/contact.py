"""Ways to reach a place, in the one form in which they are kept; what cannot be read is refused with a reason."""

import re
from urllib.parse import urlsplit

_E164 = re.compile(r"\+[1-9]\d{1,14}")
_EMAIL = re.compile(r"[^@\s<>,;:\"()\[\]]{1,64}@[^@\s.,;:<>]+(\.[^@\s.,;:<>]+)+")
_SCHEME = re.compile(r"[a-z][a-z0-9+-]*:|[a-z][a-z0-9+.-]*:(?!\d)", re.IGNORECASE)
"""Only after a name with a dot in it do a colon and a digit begin a port."""
_CONTROL = re.compile(r"[\x00-\x20\x7f]")


def phone_number(text: str, country: str = "") -> str:
    """The number as E.164; one without a country code belongs to `country`. ValueError tells what is wrong."""
    import phonenumbers

    text = text.strip()
    if not text:
        return ""
    try:
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException as error:
        if error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE and not country:
            raise ValueError("Expected a phone number with its country code, such as +15550123.") from None
        raise ValueError("Expected a phone number.") from None
    # No numbering plan is asked: they change, and a number that is short today is right tomorrow.
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if not _E164.fullmatch(written):
        raise ValueError("Expected a phone number of at most 15 digits.")
    return written


def web_address(text: str) -> str:
    """An http or https URL, with https in front where none was written. ValueError tells what is wrong."""
    text = text.strip()
    if not text:
        return ""
    if "://" not in text and not _SCHEME.match(text):
        text = f"https://{text}"
    if _CONTROL.search(text):
        raise ValueError("Expected a URL without spaces.")
    try:
        parts = urlsplit(text)
        host = parts.hostname
        assert parts.port is None or parts.port > 0
    except (ValueError, AssertionError):
        raise ValueError("Expected a URL such as https://example.com.") from None
    if parts.scheme.lower() not in {"http", "https"} or not host:
        raise ValueError("Expected a URL that begins with http:// or https://.")
    if parts.username is not None:
        raise ValueError("Expected a URL without a user name.")
    return text


def email_address(text: str) -> str:
    """An e-mail address. ValueError tells what is wrong."""
    text = text.strip()
    if text and not (len(text) <= 254 and _EMAIL.fullmatch(text)):
        raise ValueError("Expected an e-mail address.")
    return text


def shown_phone(text: str) -> str:
    """The number as pages get it: E.164 or empty, whatever once came into the table."""
    return text if _E164.fullmatch(text) else ""


def shown_website(text: str) -> str:
    """The URL as pages get it: http or https or empty, whatever once came into the table."""
    return text if text.lower().startswith(("https://", "http://")) else ""
