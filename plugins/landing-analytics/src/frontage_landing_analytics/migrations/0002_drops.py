"""Events that were not kept, by day and reason."""

from datetime import date

from alembic import op

from frontage.plugin import Rollup, create_rollup_table

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLE = "landing_analytics_drop_day"


class DropDay(Rollup, kw_only=True):
    day: date
    reason: str
    events: int = 0


def upgrade() -> None:
    create_rollup_table(op, TABLE, DropDay)


def downgrade() -> None:
    op.drop_table(TABLE)
