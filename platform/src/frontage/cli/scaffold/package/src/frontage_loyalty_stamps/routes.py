"""The routes: a hot one for pages, ordinary ones for the shop's own server."""

from frontage.plugin import (
    NO_CONTENT,
    Answer,
    FromPath,
    HotRequest,
    Injected,
    PageNumber,
    PageSize,
    Pagination,
    Problem,
    Rollups,
    Session,
    get,
    hot,
    id_from,
    new_id,
    not_found,
    post,
    publishable_key,
    secret_key,
    to_short,
)
from sqlalchemy.exc import IntegrityError

from frontage_loyalty_stamps.models import Reward
from frontage_loyalty_stamps.queries import count_rewards, newest_rewards
from frontage_loyalty_stamps.schemas import Card, RewardOut, RewardPage, StampIn
from frontage_loyalty_stamps.settings import Settings
from frontage_loyalty_stamps.streams import Stamp, StampCount

NOT_FULL = "This card is not full."


@hot.post(
    "/loyalty-stamps/api/v1/public/stamps",
    body=StampIn,
    tenant=publishable_key,
    limit=("publishable", "stamp"),
    off=not_found,
)
async def stamp(request: HotRequest[StampIn, Settings]) -> Answer:
    """Stamp a card; the answer means that the stamp is on disk."""
    body = request.body
    known = new_id() if body.stamp_id is None else id_from(body.card, body.stamp_id)
    await request.accept(Stamp(id=known, card=body.card))
    return NO_CONTENT


@get(
    "/loyalty-stamps/api/v1/cards/{card:str}",
    tenant=secret_key("loyalty-stamps:read"),
    limit=("secret",),
    off=not_found,
)
async def read_card(
    card: FromPath[str],
    session: Injected[Session],
    settings: Injected[Settings],
    rollups: Injected[Rollups],
) -> Card:
    """Tell how many stamps a card has, and whether a reward is due."""
    return await _card(card, session, settings, rollups)


@post(
    "/loyalty-stamps/api/v1/cards/{card:str}/rewards",
    tenant=secret_key("loyalty-stamps:write"),
    limit=("secret",),
    off=not_found,
    raises=(409,),
)
async def give_reward(
    card: FromPath[str],
    session: Injected[Session],
    settings: Injected[Settings],
    rollups: Injected[Rollups],
) -> RewardOut:
    """Give the reward that is due for a card."""
    found = await _card(card, session, settings, rollups)
    if not found.full:
        raise Problem("conflict", NOT_FULL)
    reward = Reward(card=card, number=found.rewards + 1)
    session.add(reward)
    try:
        await session.flush()
    except IntegrityError:
        # Somebody else has given it a moment ago: the card's number is unique, whoever comes first wins.
        raise Problem("conflict", NOT_FULL) from None
    return _told(reward)


@get(
    "/loyalty-stamps/api/v1/rewards",
    tenant=secret_key("loyalty-stamps:read"),
    limit=("secret",),
    off=not_found,
)
async def list_rewards(session: Injected[Session], page: PageNumber = 1, page_size: PageSize = 25) -> RewardPage:
    """List the rewards that were given, newest first."""
    rewards = await newest_rewards(session, (page - 1) * page_size, page_size)
    pagination = Pagination.of(page, page_size, await count_rewards(session))
    return RewardPage([_told(reward) for reward in rewards], pagination)


async def _card(card: str, session: Session, settings: Settings, rollups: Rollups) -> Card:
    stamps = await rollups.total(StampCount.stamps, card=card)
    rewards = await count_rewards(session, card)
    return Card(card, stamps, rewards, full=stamps >= (rewards + 1) * settings.stamps_per_card)


def _told(reward: Reward) -> RewardOut:
    return RewardOut(to_short(reward.id), reward.card, reward.number, reward.given_at)


routes = [stamp, read_card, give_reward, list_rewards]
