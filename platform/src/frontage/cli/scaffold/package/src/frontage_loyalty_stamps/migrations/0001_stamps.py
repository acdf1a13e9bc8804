"""Stamps, their counts, and rewards."""

from datetime import date

import sqlalchemy as sa
from alembic import op
from frontage.plugin import Event, Rollup, UtcDateTime, create_rollup_table, create_stream_table

revision = "0001"
down_revision = None


# Copies, as they were in this revision: what the plugin records tomorrow must not change what was made today.
class Stamp(Event, frozen=True):
    """The row of the stream."""

    card: str


class StampCount(Rollup):
    """The row of the rollup."""

    card: str
    day: date
    stamps: int = 0


def upgrade() -> None:
    """Make the tables."""
    create_stream_table(op, "loyalty_stamps_stamps", Stamp)
    create_rollup_table(op, "loyalty_stamps_stamp_count", StampCount)
    op.create_table(
        "loyalty_stamps_reward",
        sa.Column("tenant_id", sa.Uuid(), sa.ForeignKey("core_tenant.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("card", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("given_at", UtcDateTime(), nullable=False),
        sa.UniqueConstraint("tenant_id", "card", "number"),
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_table("loyalty_stamps_reward")
    op.drop_table("loyalty_stamps_stamp_count")
    op.drop_table("loyalty_stamps_stamps")
