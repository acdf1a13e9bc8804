"""The day that a tenant finishes before another time zone holds."""

import sqlalchemy as sa
from alembic import op

from frontage.base.tables import UtcDateTime

revision = "core0002"
down_revision = "core0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("core_tenant") as table:
        table.add_column(sa.Column("held_day", sa.Date(), nullable=True))
        table.add_column(sa.Column("held_until", UtcDateTime(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("core_tenant") as table:
        table.drop_column("held_until")
        table.drop_column("held_day")
