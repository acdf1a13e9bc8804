"""What is counted of visitors by day."""

from datetime import date

from alembic import op

from frontage.plugin import Rollup, create_rollup_table

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLE = "store_locator_funnel_day"


class FunnelDay(Rollup):
    day: date
    loads: int = 0
    searches: int = 0
    searches_without_result: int = 0
    store_clicks: int = 0
    direction_clicks: int = 0


def upgrade() -> None:
    create_rollup_table(op, TABLE, FunnelDay)


def downgrade() -> None:
    op.drop_table(TABLE)
