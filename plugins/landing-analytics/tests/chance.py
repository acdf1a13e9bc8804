"""Random events near the moments at which clocks change."""

import random
from datetime import UTC, datetime, timedelta

from .shop import COMMERCE, INTERACTIONS, LANDING, Shop

# Each with a moment near which its clocks change, where they do.
ZONES = {
    "UTC": datetime(2026, 2, 28, 23, tzinfo=UTC),
    "Europe/Berlin": datetime(2026, 3, 29, 1, tzinfo=UTC),
    "America/New_York": datetime(2026, 11, 1, 6, tzinfo=UTC),
    "America/Caracas": datetime(2026, 3, 8, 1, tzinfo=UTC),
    "Asia/Kathmandu": datetime(2026, 3, 8, 18, tzinfo=UTC),
    "Australia/Lord_Howe": datetime(2026, 4, 4, 15, tzinfo=UTC),
    "Asia/Beirut": datetime(2026, 3, 28, 22, tzinfo=UTC),
    "Pacific/Kiritimati": datetime(2026, 12, 31, 10, tzinfo=UTC),
}
SENT = [
    (LANDING, "event_type", "pageview"),
    (LANDING, "event_type", "pageview"),
    (LANDING, "event_type", "time_on_page"),
    (LANDING, "event_type", "click_whatsapp"),
    (LANDING, "event_type", "click_call"),
    (LANDING, "event_type", "click_toggle_currency"),
    (LANDING, "event_type", "qr_scan"),
    (LANDING, "event_type", "product_click"),
    (COMMERCE, "type", "whatsapp_click"),
    (COMMERCE, "type", "call"),
    (INTERACTIONS, "type", "view"),
    (INTERACTIONS, "type", "call_click"),
    (INTERACTIONS, "type", "maps_click"),
]


async def send_at_random(shop: Shop, clock: list[datetime], around: datetime, events: int, seed: int) -> None:
    """Events around a moment, in no order, as they come out of a spool."""
    chance = random.Random(seed)
    for _ in range(events):
        clock[0] = around + timedelta(
            seconds=chance.choice([chance.randrange(-4 * 86_400, 4 * 86_400), chance.randrange(-90, 90)])
        )
        path, word, kind = chance.choice(SENT)
        metadata = {"seconds": chance.choice([0, 1, 12.345, "7", None, -3])} if kind == "time_on_page" else None
        headers = {"Sec-GPC": "1"} if chance.random() < 0.1 else {}
        body = {"tenant_id": shop.number, word: kind, "metadata": metadata}
        answer = await shop.post(path, body, visitor=f"203.0.113.{chance.randrange(12)}", headers=headers)
        assert answer.is_success
