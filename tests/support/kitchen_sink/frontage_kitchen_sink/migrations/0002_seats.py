"""Orders know how many eat."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("kitchen_sink_order") as table:
        table.add_column(sa.Column("seats", sa.Integer(), nullable=False, server_default="1"))


def downgrade() -> None:
    with op.batch_alter_table("kitchen_sink_order") as table:
        table.drop_column("seats")
