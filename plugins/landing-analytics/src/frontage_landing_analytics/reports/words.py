"""What all reports have in common."""

from typing import Any

from frontage.plugin import not_found, secret_key

API = "/analytics/api/v1"
WORDS: dict[str, Any] = {
    "tenant": secret_key("analytics:read"),
    "limit": ("secret",),
    "off": not_found,
    "tags": ["Landing analytics"],
}
