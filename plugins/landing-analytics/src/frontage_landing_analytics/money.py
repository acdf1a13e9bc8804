"""Money as payment pages send it: decimal, of one currency, and never a reason to refuse a conversion."""

from decimal import Decimal, InvalidOperation
from typing import Any

from frontage.plugin import CURRENCIES

LARGEST = Decimal(10) ** 15
"""Beyond it an amount is a mistake."""
PLACES = Decimal("0.0001")


def read_value(value: Any) -> Decimal | None:
    """The amount that a number or a numeric text says, exact to four places; None when it says none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        amount = Decimal(value.strip() if isinstance(value, str) else str(value))
    except InvalidOperation:
        return None
    if not amount.is_finite() or abs(amount) >= LARGEST:
        return None
    return amount.quantize(PLACES)


def read_currency(value: Any) -> str | None:
    """The code of a currency of ISO 4217, however it is cased; None when it is none."""
    code = value.strip().upper() if isinstance(value, str) else None
    return code if code in CURRENCIES else None
