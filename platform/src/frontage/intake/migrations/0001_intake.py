"""Outbox, dead letters, batches of streams without rows, deleted tenants."""

import sqlalchemy as sa
from alembic import op

revision = "intake_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "intake_outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(), primary_key=True),
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("fresh", sa.ARRAY(sa.Integer).with_variant(sa.Text(), "sqlite")),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("attempts", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("retry_at", sa.Double),
        sa.Column("parked", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("reason", sa.Text),
    )
    op.create_index("ix_intake_outbox_stream", "intake_outbox", ["stream", "id"])
    op.create_table(
        "intake_dead_letter",
        sa.Column("stream", sa.Text, primary_key=True),
        sa.Column("tenant_id", sa.Uuid, primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "intake_batch",
        sa.Column("stream", sa.Text, primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_table(
        "intake_erased",
        sa.Column("tenant_id", sa.Uuid, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        # Rows live for milliseconds: vacuum by their number, not by a share of a table that is nearly empty, and keep
        # the packed rows out of compression, which would cost more than it saves.
        op.execute(
            "alter table intake_outbox set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,"
            " autovacuum_vacuum_insert_threshold = -1)"
        )
        op.execute("alter table intake_outbox alter column payload set storage external")


def downgrade() -> None:
    for table in ("intake_erased", "intake_batch", "intake_dead_letter", "intake_outbox"):
        op.drop_table(table)
