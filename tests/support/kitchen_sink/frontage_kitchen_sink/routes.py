"""The routes: hot ones for pages, ordinary ones for the shop."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct
from sqlalchemy import func, select

from frontage.plugin import (
    NO_CONTENT,
    Answer,
    Call,
    FromPath,
    HotRequest,
    Injected,
    JSONBody,
    Page,
    PageNumber,
    PageSize,
    Pagination,
    Problem,
    Rollups,
    Session,
    Tenant,
    delete,
    get,
    hot,
    id_from,
    in_body,
    json_answer,
    nobody,
    not_found,
    parse_id,
    post,
    publishable_key,
    secret_key,
    to_short,
    token,
)
from frontage_kitchen_sink.models import Dish, Order
from frontage_kitchen_sink.settings import Settings
from frontage_kitchen_sink.streams import Taste, TasteCount


class OrderIn(Struct, frozen=True):
    """An order from a landing page."""

    tenant_id: int | str
    dish: Annotated[str, Meta(min_length=1, max_length=80)]
    note: str | None = None


class WishIn(Struct, frozen=True):
    """A wish from a browser that has a key."""

    dish: Annotated[str, Meta(min_length=1, max_length=80)]
    seats: Annotated[int, Meta(ge=1, le=500)] = 1


class TasteIn(Struct, frozen=True):
    """A taste from a browser, which may say when it was and name it, so that a repeat counts once."""

    dish: Annotated[str, Meta(min_length=1, max_length=80)]
    event_id: Annotated[str, Meta(min_length=1, max_length=80)] | None = None
    at: Annotated[datetime, Meta(tz=True)] | None = None


class TasteTotal(Struct, frozen=True):
    """How often a dish was tasted."""

    dish: str
    tastes: int


class MenuQuery(Struct, frozen=True):
    """Which dishes to show."""

    most: Annotated[int, Meta(ge=1, le=100, description="How many dishes at most.")] = 20
    order: Literal["name", "price"] = "name"


class MenuItem(Struct, frozen=True):
    """A dish on the menu."""

    name: str
    price: int


class Menu(Struct, frozen=True):
    """What there is."""

    greeting: str
    dishes: list[MenuItem]


class DishIn(Struct, frozen=True, forbid_unknown_fields=True):
    """A dish to be cooked."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    price: Annotated[int, Meta(ge=0, le=10**9)]


class DishOut(Struct, frozen=True):
    """A dish."""

    id: str
    name: str
    price: int


class DishPage(Page[DishOut], frozen=True):
    """A page of dishes."""


def quietly(_call: Call) -> Answer:
    """The off-answer of orders: accepted, like everything from unknown tenants."""
    return json_answer({"status": "accepted"}, 202)


def in_our_words(problem: Problem, _call: Call) -> Answer:
    """Refusals as this contract words them."""
    return json_answer({"success": False, "message": problem.kind.title}, problem.kind.status, problem.headers)


@hot.post(
    "/kitchen/api/v1/orders",
    body=OrderIn,
    forms=True,
    tenant=in_body("tenant_id", unknown_limit="unknown"),
    limit=("order",),
    off=quietly,
    refuse=in_our_words,
    status=201,
    operation_id="kitchen_order",
    responses=((202, "The tenant is unknown or has no kitchen."),),
)
async def order(request: HotRequest[OrderIn, Settings]) -> Answer:
    """Take an order."""
    assert request.tenant is not None
    async with request.context.writing(request.tenant) as session:
        session.add(Order(dish=request.body.dish))
    return json_answer({"status": "ordered"}, 201)


@hot.post(
    "/kitchen/api/v1/public/wishes",
    body=WishIn,
    tenant=publishable_key,
    limit=("publishable", "visitor"),
    off=not_found,
    raises=(409,),
)
async def wish(request: HotRequest[WishIn, Settings]) -> Answer:
    """Take a wish; more than there are seats is refused."""
    if request.body.seats > request.settings.seats:
        raise Problem("conflict", "There are not so many seats.")
    return NO_CONTENT


@hot.post(
    "/kitchen/api/v1/bell",
    body=WishIn,
    tenant=token("X-Kitchen-Token", "token", "kitchen:order"),
    limit=(),
    off=not_found,
)
async def ring(_request: HotRequest[WishIn, Settings]) -> Answer:
    """Ring the bell with a token."""
    return NO_CONTENT


@hot.post("/kitchen/api/v1/public/tastes", body=TasteIn, tenant=publishable_key, limit=("publishable",), off=not_found)
async def taste(request: HotRequest[TasteIn, Settings]) -> Answer:
    """Record that a dish was tasted; the answer means that it is on disk."""
    told: dict[str, Any] = {}
    if request.body.event_id is not None:
        told["id"] = id_from(request.body.event_id)
    if request.body.at is not None:
        told["occurred"] = request.body.at
    await request.accept(Taste(dish=request.body.dish, **told))
    return NO_CONTENT


@get("/kitchen/api/v1/tastes/{dish:str}", tenant=secret_key("kitchen:read"), limit=("secret",), off=not_found)
async def count_tastes(rollups: Injected[Rollups], dish: FromPath[str]) -> TasteTotal:
    """Tell how often a dish was tasted."""
    return TasteTotal(dish, await rollups.total(TasteCount.tastes, dish=dish))


@hot.post("/kitchen/api/v1/ping", body=WishIn, tenant=nobody, limit=(), off=not_found)
async def ping(_request: HotRequest[WishIn, Settings]) -> Answer:
    """Answer anybody."""
    return NO_CONTENT


@hot.get(
    "/kitchen/api/v1/public/menu",
    query=MenuQuery,
    tenant=publishable_key(secret_scope="kitchen:read"),
    limit=("publishable", "visitor"),
    off=not_found,
    returns=Menu,
)
async def menu(request: HotRequest[MenuQuery, Settings]) -> Answer:
    """Show the menu."""
    assert request.tenant is not None
    column = Dish.name if request.body.order == "name" else Dish.price
    async with request.context.reading(request.tenant) as session:
        dishes = (await session.scalars(select(Dish).order_by(column, Dish.id).limit(request.body.most))).all()
    return json_answer(Menu(request.settings.greeting, [MenuItem(dish.name, dish.price) for dish in dishes]))


@get("/kitchen/api/v1/dishes", tenant=secret_key("kitchen:read"), limit=("secret",), off=not_found)
async def list_dishes(session: Injected[Session], page: PageNumber = 1, page_size: PageSize = 25) -> DishPage:
    """List the dishes."""
    rows = (await session.scalars(select(Dish).order_by(Dish.id).offset((page - 1) * page_size).limit(page_size))).all()
    total = (await session.execute(select(func.count(Dish.id)))).scalar_one()
    return DishPage([_told(row) for row in rows], Pagination.of(page, page_size, total))


@post("/kitchen/api/v1/dishes", tenant=secret_key("kitchen:write"), limit=("secret",), off=not_found, raises=(409,))
async def add_dish(session: Injected[Session], data: JSONBody[DishIn]) -> DishOut:
    """Put a dish on the menu."""
    if (await session.scalars(select(Dish).where(Dish.name == data.name))).first():
        raise Problem("conflict", "There is a dish with this name.")
    dish = Dish(name=data.name, price=data.price)
    session.add(dish)
    await session.flush()
    return _told(dish)


@get("/kitchen/api/v1/dishes/{dish_id:str}", tenant=secret_key("kitchen:read"), limit=("secret",), off=not_found)
async def read_dish(session: Injected[Session], tenant: Injected[Tenant], dish_id: FromPath[str]) -> DishOut:
    """Read a dish."""
    return _told(await _dish(session, tenant, dish_id))


@delete("/kitchen/api/v1/dishes/{dish_id:str}", tenant=secret_key("kitchen:write"), limit=("secret",), off=not_found)
async def remove_dish(session: Injected[Session], tenant: Injected[Tenant], dish_id: FromPath[str]) -> None:
    """Take a dish off the menu."""
    await session.delete(await _dish(session, tenant, dish_id))


@get("/kitchen/{shop:str}/menu", tenant=secret_key("kitchen:read"), limit=("secret",), off=not_found)
async def shop_menu(settings: Injected[Settings], tenant: Injected[Tenant], shop: FromPath[str]) -> Menu:
    """Greet by the name of the shop."""
    if shop != tenant.slug:
        raise Problem("not_found")
    return Menu(settings.greeting, [])


async def _dish(session: Session, tenant: Tenant, text: str) -> Dish:
    found = await session.get(Dish, (tenant.id, identity)) if (identity := parse_id(text)) else None
    if found is None:
        raise Problem("not_found")
    return found


def _told(dish: Dish) -> DishOut:
    return DishOut(to_short(dish.id), dish.name, dish.price)


routes = [order, wish, taste, count_tastes, ring, ping, menu, list_dishes, add_dish, read_dish, remove_dish, shop_menu]
