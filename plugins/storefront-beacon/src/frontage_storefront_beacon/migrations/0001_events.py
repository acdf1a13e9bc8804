"""Events."""

from typing import Any

from alembic import op

from frontage.plugin import Event, create_stream_table

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

EVENTS = "storefront_beacon_events"


class Interaction(Event, frozen=True):
    kind: str
    bot: bool = False
    late: bool = False
    session_id: str | None = None
    device_id: str | None = None
    customer_id: str | None = None
    attribution_token: str | None = None
    product_id: int | None = None
    variant_id: int | None = None
    collection_handle: str | None = None
    query: str | None = None
    position: int | None = None
    block_id: str | None = None
    search_id: str | None = None
    channel: str = "web"
    marketing_source: str | None = None
    marketing_medium: str | None = None
    marketing_campaign: str | None = None
    contextual_data: dict[str, Any] | None = None
    device: str | None = None
    browser: str | None = None
    os: str | None = None


def upgrade() -> None:
    create_stream_table(op, EVENTS, Interaction)


def downgrade() -> None:
    op.drop_table(EVENTS)
