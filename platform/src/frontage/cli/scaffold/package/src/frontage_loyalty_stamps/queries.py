"""The statements; a session that the platform lends sees the rows of one tenant only."""

from collections.abc import Sequence

from frontage.plugin import Session
from sqlalchemy import func, select

from frontage_loyalty_stamps.models import Reward


async def count_rewards(session: Session, card: str | None = None) -> int:
    """Count the rewards that were given, for one card or for all."""
    query = select(func.count(Reward.id))
    if card is not None:
        query = query.where(Reward.card == card)
    return (await session.execute(query)).scalar_one()


async def newest_rewards(session: Session, offset: int, limit: int) -> Sequence[Reward]:
    """Read the rewards that were given last; ids grow with time."""
    query = select(Reward).order_by(Reward.id.desc()).offset(offset).limit(limit)
    return (await session.scalars(query)).all()
