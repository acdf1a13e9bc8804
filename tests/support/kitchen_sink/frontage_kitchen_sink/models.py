"""The tables."""

from sqlalchemy import Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from frontage.plugin import Model


class Dish(Model):
    """Something to eat."""

    __tablename__ = "kitchen_sink_dish"
    __table_args__ = (UniqueConstraint("tenant_id", "name"),)

    name: Mapped[str] = mapped_column(String(80))
    price: Mapped[int] = mapped_column(Integer)


class Order(Model):
    """Something that a guest asked for."""

    __tablename__ = "kitchen_sink_order"

    dish: Mapped[str] = mapped_column(String(80))
    seats: Mapped[int] = mapped_column(Integer, default=1)
