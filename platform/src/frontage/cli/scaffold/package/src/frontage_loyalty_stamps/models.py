"""The tables; each row belongs to a tenant, and its key begins with the tenant's id."""

from datetime import datetime

from frontage.plugin import Model, UtcDateTime, utc_now
from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column


class Reward(Model):
    """A reward for a full card, the card's first, second, third."""

    __tablename__ = "loyalty_stamps_reward"
    __table_args__ = (UniqueConstraint("tenant_id", "card", "number"),)

    card: Mapped[str] = mapped_column(String(64))
    number: Mapped[int]
    given_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=utc_now)
