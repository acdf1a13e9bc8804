"""The tables of the domain. Whatever belongs to a tenant has its id first in every key."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, LargeBinary, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from frontage.base.clock import utc_now
from frontage.base.tables import Table


class TenantRow(Table):
    """A shop."""

    __tablename__ = "core_tenant"
    __table_args__ = (CheckConstraint("status in ('active', 'suspended')", name="status"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(63), unique=True)
    number: Mapped[int] = mapped_column(BigInteger, unique=True)
    name: Mapped[str] = mapped_column(Text)
    timezone: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(String(3))
    status: Mapped[str] = mapped_column(String(16))
    privacy_signals: Mapped[str] = mapped_column(String(16))
    policies: Mapped[dict[str, Any]]
    revision: Mapped[int] = mapped_column(BigInteger, index=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    held_day: Mapped[date | None] = mapped_column(Date)
    """The day on which the time zone was changed last; the new one holds from the next."""
    held_until: Mapped[datetime | None]


class EnablementRow(Table):
    """A plugin that is on for a tenant, with its settings and the version that they were written for."""

    __tablename__ = "core_enablement"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("core_tenant.id", ondelete="CASCADE"), primary_key=True)
    plugin: Mapped[str] = mapped_column(String(63), primary_key=True)
    settings: Mapped[dict[str, Any]]
    settings_version: Mapped[int] = mapped_column(SmallInteger)


class KeyRow(Table):
    """A key. A secret one is stored as a digest, a publishable one as it is."""

    __tablename__ = "core_key"
    __table_args__ = (
        CheckConstraint("kind in ('secret', 'publishable')", name="kind"),
        Index("ix_core_key_digest", "tenant_id", "digest"),
    )

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("core_tenant.id", ondelete="CASCADE"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(Text)
    prefix: Mapped[str] = mapped_column(String(12))
    public_text: Mapped[str | None] = mapped_column(String(45))
    digest: Mapped[bytes | None] = mapped_column(LargeBinary(32), info={"secret": True})
    pepper: Mapped[str | None] = mapped_column(String(8))
    scopes: Mapped[list[str]]
    origins: Mapped[list[str]]
    windows: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    replaced_by: Mapped[UUID | None]


class AuditRow(Table):
    """Who did what to a tenant."""

    __tablename__ = "core_audit"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("core_tenant.id", ondelete="CASCADE"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    actor: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(String(63))
    subject: Mapped[str] = mapped_column(Text)
    details: Mapped[dict[str, Any]]


class RevisionRow(Table):
    """One row that counts changes; whoever changes a tenant holds it, so revisions are committed in their order."""

    __tablename__ = "core_revision"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    revision: Mapped[int] = mapped_column(BigInteger)


class PluginRow(Table):
    """A plugin that was installed once: its last claims keep answering when its code cannot be read any more."""

    __tablename__ = "core_plugin"

    slug: Mapped[str] = mapped_column(String(63), primary_key=True)
    version: Mapped[str] = mapped_column(Text)
    paths: Mapped[list[str]]
    first_seen: Mapped[datetime] = mapped_column(default=utc_now)


class JobRow(Table):
    """When a regular job last began; whoever moves the moment on runs it, so one process does."""

    __tablename__ = "core_job"

    name: Mapped[str] = mapped_column(String(127), primary_key=True)
    began_at: Mapped[datetime]
