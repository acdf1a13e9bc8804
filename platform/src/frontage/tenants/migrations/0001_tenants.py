"""Tenants, their keys, what is on for them, and the record of changes."""

from uuid import UUID

import sqlalchemy as sa
from alembic import op

from frontage.base.tables import Json, UtcDateTime

revision = "core0001"
down_revision = None
branch_labels = None
depends_on = None


def _of_tenant() -> sa.Column[UUID]:
    owner = sa.ForeignKey("core_tenant.id", name=None, ondelete="CASCADE")
    return sa.Column("tenant_id", sa.Uuid(), owner, primary_key=True)


def upgrade() -> None:
    op.create_table(
        "core_tenant",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("slug", sa.String(63), nullable=False, unique=True),
        sa.Column("number", sa.BigInteger(), nullable=False, unique=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("privacy_signals", sa.String(16), nullable=False),
        sa.Column("policies", Json, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False, index=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("status in ('active', 'suspended')", name="status"),
    )
    op.create_table(
        "core_enablement",
        _of_tenant(),
        sa.Column("plugin", sa.String(63), primary_key=True),
        sa.Column("settings", Json, nullable=False),
        sa.Column("settings_version", sa.SmallInteger(), nullable=False),
    )
    op.create_table(
        "core_key",
        _of_tenant(),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.String(12), nullable=False),
        sa.Column("public_text", sa.String(45)),
        sa.Column("digest", sa.LargeBinary(32)),
        sa.Column("pepper", sa.String(8)),
        sa.Column("scopes", Json, nullable=False),
        sa.Column("origins", Json, nullable=False),
        sa.Column("windows", sa.Text()),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_used_at", UtcDateTime()),
        sa.Column("expires_at", UtcDateTime()),
        sa.Column("revoked_at", UtcDateTime()),
        sa.Column("replaced_by", sa.Uuid()),
        sa.CheckConstraint("kind in ('secret', 'publishable')", name="kind"),
    )
    op.create_index("ix_core_key_digest", "core_key", ["tenant_id", "digest"])
    op.create_table(
        "core_audit",
        _of_tenant(),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("at", UtcDateTime(), nullable=False, index=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.String(63), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("details", Json, nullable=False),
    )
    revisions = op.create_table(
        "core_revision",
        sa.Column("id", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
    )
    op.bulk_insert(revisions, [{"id": 1, "revision": 0}])
    op.create_table(
        "core_plugin",
        sa.Column("slug", sa.String(63), primary_key=True),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("paths", Json, nullable=False),
        sa.Column("first_seen", UtcDateTime(), nullable=False),
    )
    op.create_table(
        "core_job",
        sa.Column("name", sa.String(127), primary_key=True),
        sa.Column("began_at", UtcDateTime(), nullable=False),
    )


def downgrade() -> None:
    for table in (
        "core_job",
        "core_plugin",
        "core_revision",
        "core_audit",
        "core_key",
        "core_enablement",
        "core_tenant",
    ):
        op.drop_table(table)
