"""The tables beside the streams: salts, and the products that a shop has told of."""

from datetime import date

from sqlalchemy import BigInteger, Date, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from frontage.plugin import Model


class Salt(Model):
    """The secret of one window of time. When its row is gone, nobody can link or invert a hash made with it."""

    __tablename__ = "landing_analytics_salt"
    __table_args__ = (UniqueConstraint("tenant_id", "starts", "ends"),)

    starts: Mapped[date] = mapped_column(Date)
    """The first of the tenant's days on which it is used."""
    ends: Mapped[date] = mapped_column(Date)
    """The first day on which it is used no more."""
    secret: Mapped[bytes] = mapped_column(LargeBinary(32), info={"secret": True})


class Product(Model):
    """A product of the shop, under the shop's own number."""

    __tablename__ = "landing_analytics_product"
    __table_args__ = (UniqueConstraint("tenant_id", "number"),)

    number: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(200), default="")
