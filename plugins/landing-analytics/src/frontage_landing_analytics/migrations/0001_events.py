"""Events, bots, what is counted from them, salts and products."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op

from frontage.plugin import Event, Rollup, Visitor, create_rollup_table, create_stream_table

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

PREFIX = "landing_analytics_"


class Interaction(Event, frozen=True, kw_only=True):
    day: date
    type: str
    source: str
    visitor: str | None = None
    user_agent: str | None = None
    referrer: str | None = None
    page: str | None = None
    device: str | None = None
    browser: str | None = None
    os: str | None = None
    country: str | None = None
    product_id: int | None = None
    metadata: dict[str, Any] | None = None
    milliseconds: int = 0
    value: Decimal | None = None
    currency: str | None = None
    transaction_id: str | None = None
    flags: str | None = None


class BotVisit(Event, frozen=True, kw_only=True):
    day: date
    type: str
    source: str
    user_agent: str | None = None


class Counted(Rollup, kw_only=True):
    pageview: int = 0
    view: int = 0
    whatsapp_click: int = 0
    call: int = 0
    location_view: int = 0
    currency_toggle: int = 0
    time_on_page: int = 0
    qr_scan: int = 0
    product_click: int = 0
    cart_add: int = 0
    social_share: int = 0
    conversion: int = 0
    purchase: int = 0


class DayCount(Counted, kw_only=True):
    day: date
    visitors: int = 0
    visitors_last: int = 0
    stayers: int = 0
    stayers_last: int = 0
    clickers: int = 0
    clickers_last: int = 0
    milliseconds: int = 0
    anonymous: int = 0


class QuarterCount(Counted, kw_only=True):
    at: datetime


class Breakdown(Rollup, kw_only=True):
    day: date
    dimension: str
    value: str
    views: int = 0
    whatsapp_click: int = 0
    call: int = 0
    location_view: int = 0
    product_click: int = 0
    qr_scan: int = 0
    conversions: int = 0


class Revenue(Rollup, kw_only=True):
    day: date
    currency: str
    amount: Decimal = Decimal(0)
    sales: int = 0
    refunds: int = 0
    refunded: Decimal = Decimal(0)


class BotDay(Rollup, kw_only=True):
    day: date
    events: int = 0


class Transaction(Rollup, kw_only=True):
    key: UUID
    occurred: datetime = datetime.min.replace(tzinfo=UTC)


ROLLUPS: dict[str, type[Rollup]] = {
    "day_count": DayCount,
    "quarter_count": QuarterCount,
    "breakdown": Breakdown,
    "revenue": Revenue,
    "bot_day": BotDay,
    "viewer": Visitor,
    "stayer": Visitor,
    "clicker": Visitor,
    "transaction": Transaction,
}


def _key() -> list[sa.Column[Any]]:
    return [
        sa.Column("tenant_id", sa.Uuid(), sa.ForeignKey("core_tenant.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
    ]


def upgrade() -> None:
    create_stream_table(op, PREFIX + "events", Interaction)
    create_stream_table(op, PREFIX + "bots", BotVisit)
    for name, kind in ROLLUPS.items():
        create_rollup_table(op, PREFIX + name, kind)
    op.create_table(
        PREFIX + "salt",
        *_key(),
        sa.Column("starts", sa.Date(), nullable=False),
        sa.Column("ends", sa.Date(), nullable=False),
        sa.Column("secret", sa.LargeBinary(32), nullable=False),
        sa.UniqueConstraint("tenant_id", "starts", "ends"),
    )
    op.create_table(
        PREFIX + "product",
        *_key(),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.UniqueConstraint("tenant_id", "number"),
    )


def downgrade() -> None:
    for name in ("product", "salt", *reversed(ROLLUPS), "bots", "events"):
        op.drop_table(PREFIX + name)
