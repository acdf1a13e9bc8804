"""Names of the gazetteer by their beginning: PostgreSQL's own order of words is not that of their letters."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NAME, INDEX = "store_locator_gazetteer_name", "ix_store_locator_gazetteer_name_key"


def upgrade() -> None:
    op.create_index(INDEX, NAME, ["key"], postgresql_ops={"key": "text_pattern_ops"})


def downgrade() -> None:
    op.drop_index(INDEX, NAME)
