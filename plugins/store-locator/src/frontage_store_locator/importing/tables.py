"""Imports that were sent over HTTP: what is to be done, how far it is, what came of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from frontage.plugin import Json, Model, UtcDateTime


class ImportJob(Model):
    """One import; the file goes as soon as it is done, the rest after some days."""

    __tablename__ = "store_locator_import"
    __table_args__ = (Index(None, "state", "alive_at"),)

    state: Mapped[str] = mapped_column(String(10), default="queued")
    options: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    data: Mapped[bytes | None] = mapped_column(LargeBinary)
    stage: Mapped[str] = mapped_column(String(10), default="reading")
    done: Mapped[int] = mapped_column(Integer, default=0)
    total: Mapped[int | None] = mapped_column(Integer)
    outcome: Mapped[dict[str, Any] | None] = mapped_column(Json)
    faults: Mapped[list[Any]] = mapped_column(Json, default=list)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    alive_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When whoever runs it last said so; long ago: it has died, and another takes over."""
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
