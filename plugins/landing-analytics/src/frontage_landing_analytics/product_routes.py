"""The shop's products, so that an event can be held to name one of them."""

from typing import Annotated

from msgspec import Meta, Struct
from sqlalchemy import delete as delete_rows
from sqlalchemy import func, select

from frontage.plugin import (
    FromPath,
    Injected,
    JSONBody,
    Page,
    PageNumber,
    PageSize,
    Pagination,
    PluginContext,
    Problem,
    Session,
    Tenant,
    delete,
    get,
    invalid,
    not_found,
    put,
    secret_key,
)
from frontage_landing_analytics.memory import memory_of
from frontage_landing_analytics.models import Product
from frontage_landing_analytics.products import MOST_PRODUCTS, put_products

_MOST_AT_ONCE = 1_000
Number = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1, description="The shop's own number of it.")]


class ProductIn(Struct, frozen=True, forbid_unknown_fields=True):
    """A product."""

    id: Number
    name: Annotated[str, Meta(max_length=200)] = ""


class ProductsIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Products to be added or renamed."""

    products: Annotated[list[ProductIn], Meta(min_length=1, max_length=_MOST_AT_ONCE)]


class ProductsPut(Struct, frozen=True):
    """How many products the shop has now."""

    total: int


class ProductPage(Page[ProductIn], frozen=True):
    """A page of products."""


@put("/analytics/api/v1/products", tenant=secret_key("analytics:write"), limit=("secret",), off=not_found)
async def put_many_products(
    data: JSONBody[ProductsIn], tenant: Injected[Tenant], context: Injected[PluginContext]
) -> ProductsPut:
    """Add products, and rename those whose id is there; of an id that comes twice the last wins."""
    names = {product.id: product.name for product in data.products}
    async with context.writing(tenant) as session:
        await put_products(session, tenant.id, names, context.database.dialect)
        total = (await session.execute(select(func.count(Product.id)))).scalar_one()
        if total > MOST_PRODUCTS:
            raise invalid("products", f"A shop has at most {MOST_PRODUCTS} products.")
    memory_of(context).products.forget(tenant)
    return ProductsPut(total)


@get("/analytics/api/v1/products", tenant=secret_key("analytics:read"), limit=("secret",), off=not_found)
async def list_products(session: Injected[Session], page: PageNumber = 1, page_size: PageSize = 25) -> ProductPage:
    """List the products by their number."""
    wanted = select(Product).order_by(Product.number).offset((page - 1) * page_size).limit(page_size)
    total = (await session.execute(select(func.count(Product.id)))).scalar_one()
    found = [ProductIn(row.number, row.name) for row in await session.scalars(wanted)]
    return ProductPage(found, Pagination.of(page, page_size, total))


@delete(
    "/analytics/api/v1/products/{product_id:str}",
    tenant=secret_key("analytics:write"),
    limit=("secret",),
    off=not_found,
)
async def remove_product(tenant: Injected[Tenant], context: Injected[PluginContext], product_id: FromPath[str]) -> None:
    """Remove a product; its events stay."""
    digits = product_id.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
        raise Problem("not_found")
    async with context.writing(tenant) as session:
        where = (Product.tenant_id == tenant.id, Product.number == int(product_id))
        removed = await session.execute(delete_rows(Product).where(*where).returning(Product.id))
        if removed.first() is None:
            raise Problem("not_found")
    memory_of(context).products.forget(tenant)


product_routes = [put_many_products, list_products, remove_product]
