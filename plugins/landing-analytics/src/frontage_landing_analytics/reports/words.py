"""What all reports have in common."""

from typing import Any, get_args

from frontage.plugin import not_found, secret_key
from frontage_landing_analytics.canonical import EventType

API = "/analytics/api/v1"
SCOPE = "analytics:read"
TYPES: tuple[str, ...] = get_args(EventType)
WORDS: dict[str, Any] = {
    "tenant": secret_key(SCOPE),
    "limit": ("secret",),
    "off": not_found,
    "tags": ["Landing analytics"],
}
