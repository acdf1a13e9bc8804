"""A plugin's streams, as the tests of intake use them."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from msgspec import Meta

from frontage.intake.count import count
from frontage.intake.stream import Claim, Event, Rollup, Stream, bind, rule
from frontage.intake.visitors import Visitor, VisitorDay


class Stamp(Event):
    card: Annotated[str, Meta(max_length=8)]


class StampCount(Rollup):
    day: date
    card: str
    stamps: int = 0


class Sale(Event):
    transaction: str
    value: Decimal
    notes: dict[str, Any] | None = None


class SaleOnce(Claim):
    transaction: str


class SaleSum(Rollup):
    day: date
    sales: int = 0
    value: Decimal = Decimal(0)


class View(Event):
    visitor: str


class ViewVisitor(Visitor):
    pass


class ViewDay(VisitorDay):
    pass


class Load(Event):
    page: str


class LoadCount(Rollup):
    day: date
    page: str
    loads: int = 0


@rule(SaleOnce, SaleSum)
async def sum_sales(rows, tables):
    first = {(row.tenant, row.transaction): row for row in reversed(rows)}
    won = await tables.claim([SaleOnce(tenant=tenant, transaction=name) for tenant, name in first])
    sold = [first[claim.tenant, claim.transaction] for claim in won]
    await tables.add(
        [SaleSum(tenant=row.tenant, day=tables.day(row.tenant, row.occurred), sales=1, value=row.value) for row in sold]
    )


@rule(ViewVisitor, ViewDay)
async def see_visitors(rows, tables):
    visits = [(row.tenant, row.visitor, tables.day(row.tenant, row.received)) for row in rows]
    await tables.see(visits, ViewVisitor, ViewDay)


streams = bind(
    "loyalty-stamps",
    [
        Stream("stamps", row=Stamp, rollup=count(StampCount, by=("day", "card"), stamps=1)),
        Stream("sales", row=Sale, rollup=sum_sales),
        Stream("views", row=View, rollup=see_visitors),
        Stream("loads", row=Load, rollup=count(LoadCount, by=("day", "page"), loads=1), keep=False),
    ],
)
