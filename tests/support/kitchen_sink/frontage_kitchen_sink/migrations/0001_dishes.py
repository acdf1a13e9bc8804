"""Dishes and orders."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _key() -> list[sa.Column]:
    return [
        sa.Column("tenant_id", sa.Uuid(), sa.ForeignKey("core_tenant.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
    ]


def upgrade() -> None:
    op.create_table(
        "kitchen_sink_dish",
        *_key(),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("price", sa.Integer(), nullable=False),
        sa.UniqueConstraint("tenant_id", "name"),
    )
    op.create_table("kitchen_sink_order", *_key(), sa.Column("dish", sa.String(80), nullable=False))


def downgrade() -> None:
    op.drop_table("kitchen_sink_order")
    op.drop_table("kitchen_sink_dish")
