"""The gazetteer: places of the world that words may mean. It belongs to no tenant; an operator loads it for all."""

from sqlalchemy import BigInteger, Boolean, Double, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from frontage.plugin import Reference


class GazetteerSpot(Reference):
    """A city, a region, a country or the middle of a postcode."""

    __tablename__ = "store_locator_gazetteer_spot"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    source: Mapped[str] = mapped_column(String(40), index=True)
    """Of which load it came: a new load takes its place."""
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(200))
    country: Mapped[str] = mapped_column(String(2))
    region: Mapped[str] = mapped_column(String(200))
    region_code: Mapped[str] = mapped_column(String(20))
    city: Mapped[str] = mapped_column(String(200))
    lat: Mapped[float] = mapped_column(Double)
    lon: Mapped[float] = mapped_column(Double)
    population: Mapped[int] = mapped_column(BigInteger)


class GazetteerName(Reference):
    """A key under which a spot is found."""

    __tablename__ = "store_locator_gazetteer_name"
    __table_args__ = (
        Index(None, "spot_id"),
        # PostgreSQL finds a beginning only where words are ordered by their letters.
        Index(None, "key", postgresql_ops={"key": "text_pattern_ops"}),
    )

    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    spot_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    is_primary: Mapped[bool] = mapped_column(Boolean)
