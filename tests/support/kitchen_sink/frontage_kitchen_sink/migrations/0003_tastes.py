"""Tastes and their counts."""

from datetime import date

from alembic import op

from frontage.plugin import Event, Rollup, create_rollup_table, create_stream_table

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


class Taste(Event):
    dish: str


class TasteCount(Rollup):
    day: date
    dish: str
    tastes: int = 0


def upgrade() -> None:
    create_stream_table(op, "kitchen_sink_tastes", Taste)
    create_rollup_table(op, "kitchen_sink_taste_count", TasteCount)


def downgrade() -> None:
    op.drop_table("kitchen_sink_taste_count")
    op.drop_table("kitchen_sink_tastes")
