"""The gazetteer: what words may mean, for all tenants."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SPOT, NAME = "store_locator_gazetteer_spot", "store_locator_gazetteer_name"


def upgrade() -> None:
    texts = {"source": 40, "kind": 10, "name": 200, "country": 2, "region": 200, "region_code": 20, "city": 200}
    op.create_table(
        SPOT,
        sa.Column("id", sa.BigInteger(), primary_key=True, autoincrement=False),
        *[sa.Column(name, sa.String(length), nullable=False) for name, length in texts.items()],
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("population", sa.BigInteger(), nullable=False),
    )
    op.create_index(None, SPOT, ["source"])
    op.create_table(
        NAME,
        sa.Column("key", sa.String(100), primary_key=True),
        sa.Column("spot_id", sa.BigInteger(), primary_key=True),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
    )
    op.create_index(None, NAME, ["spot_id"])


def downgrade() -> None:
    op.drop_table(NAME)
    op.drop_table(SPOT)
