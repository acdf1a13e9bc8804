"""The products that a shop has told of, in memory, so that an event may name none but them."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from frontage.plugin import PluginContext, Session, Tenant, new_id
from frontage_landing_analytics.models import Product

MOST_PRODUCTS = 100_000
"""Of one tenant."""
_FRESH_SECONDS = 1.0
_MOST_TENANTS = 1_000


async def put_products(session: Session, tenant_id: UUID, names: Mapping[int, str], dialect: str) -> None:
    """Add products, and rename those that are there."""
    rows = [
        {"tenant_id": tenant_id, "id": new_id(), "number": number, "name": names[number]} for number in sorted(names)
    ]
    insert = (sqlite.insert if dialect == "sqlite" else postgresql.insert)(Product)
    changed = insert.on_conflict_do_update(
        index_elements=[Product.tenant_id, Product.number], set_={"name": insert.excluded.name}
    )
    await session.execute(changed, rows)


@dataclass(slots=True)
class _Known:
    numbers: frozenset[int]
    version: tuple[int, UUID | None]
    looked: float


class Products:
    """The products of one process's tenants."""

    def __init__(self, context: PluginContext) -> None:
        self._context = context
        self._known: dict[UUID, _Known] = {}
        self._looking: dict[UUID, asyncio.Task[None]] = {}

    async def allows(self, tenant: Tenant, number: int) -> bool:
        """Whether an event may name this product: it is the tenant's, or the tenant has told of none."""
        known = self._known.get(tenant.id)
        if known is None:
            await self._look(tenant)
            known = self._known.get(tenant.id)
        elif known.looked + _FRESH_SECONDS < monotonic() and tenant.id not in self._looking:
            # Nobody waits for it: what other workers changed is seen a moment later.
            self._looking[tenant.id] = asyncio.create_task(self._look(tenant))
        return known is None or not known.numbers or number in known.numbers

    def forget(self, tenant: Tenant) -> None:
        """Look again at the next event."""
        self._known.pop(tenant.id, None)

    async def _look(self, tenant: Tenant) -> None:
        try:
            async with self._context.reading(tenant) as session:
                count = (await session.execute(select(func.count(Product.id)))).scalar_one()
                newest = (await session.scalars(select(Product.id).order_by(Product.id.desc()).limit(1))).first()
                known = self._known.get(tenant.id)
                if known is not None and known.version == (count, newest):
                    known.looked = monotonic()
                    return
                numbers = frozenset((await session.scalars(select(Product.number))).all())
            while len(self._known) >= _MOST_TENANTS:
                self._known.pop(next(iter(self._known)))
            self._known[tenant.id] = _Known(numbers, (count, newest), monotonic())
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            # Without the database nobody can say, and an event is worth more than its product's number.
            self._context.log.warning("products.not_read", tenant=tenant.slug, error=type(error).__name__)
        finally:
            self._looking.pop(tenant.id, None)
