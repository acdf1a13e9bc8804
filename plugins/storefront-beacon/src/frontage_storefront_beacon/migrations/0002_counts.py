"""What is counted from events."""

from datetime import date
from typing import Any

from alembic import op
from msgspec import field

from frontage.plugin import Rollup, create_rollup_table

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


class TrendHour(Rollup):
    day: date
    hour: int
    kind: str
    events: int = 0
    bots: int = 0


class ProductDay(Rollup):
    day: date
    product: int
    position: int
    impressions: int = 0
    clicks: int = 0
    views: int = 0
    adds: int = 0
    hovers: int = 0
    touches: int = 0


class SearchDay(Rollup):
    day: date
    query: str
    searches: int = 0
    completions: int = 0
    without_result: int = 0
    followed: int = 0
    clicked: int = 0


class ListDay(Rollup):
    day: date
    list: str
    name: str
    views: int = 0
    impressions: int = 0
    clicks: int = 0
    product_views: int = 0
    adds: int = 0


class TokenDay(Rollup):
    day: date
    token: str
    shown: int = 0
    direct_clicks: int = 0
    direct_views: int = 0
    direct_adds: int = 0
    full_clicks: int = 0
    full_views: int = 0
    full_adds: int = 0
    half_clicks: int = 0
    half_views: int = 0
    half_adds: int = 0


class SessionDay(Rollup):
    day: date
    channel: str
    device: str
    browser: str
    os: str
    sessions: int = 0
    impressed: int = 0
    clicked: int = 0
    viewed: int = 0
    added: int = 0


class SessionTrace(Rollup):
    day: date
    session: str
    first: list[Any] = field(default_factory=list)
    steps: list[Any] = field(default_factory=list)


class NamesOfDay(Rollup):
    day: date
    kind: str
    part: int
    names: list[str] = field(default_factory=list)


TABLES: dict[str, type[Rollup]] = {
    "trend_hour": TrendHour,
    "product_day": ProductDay,
    "search_day": SearchDay,
    "list_day": ListDay,
    "token_day": TokenDay,
    "session_day": SessionDay,
    "session_trace": SessionTrace,
    "names_of_day": NamesOfDay,
}


def upgrade() -> None:
    for name, kind in TABLES.items():
        create_rollup_table(op, f"storefront_beacon_{name}", kind)


def downgrade() -> None:
    for name in TABLES:
        op.drop_table(f"storefront_beacon_{name}")
