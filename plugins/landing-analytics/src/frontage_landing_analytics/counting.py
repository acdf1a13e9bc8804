"""How events become counts: one pass for each tenant of a batch, each table added to once."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

from frontage.plugin import Rollup, RollupTables, id_from, rule
from frontage_landing_analytics.canonical import CLICKS, VIEWS
from frontage_landing_analytics.dimensions import MOST, OTHER, breakdowns
from frontage_landing_analytics.rollups import (
    BotDay,
    Breakdown,
    Clicker,
    DayCount,
    DropDay,
    QuarterCount,
    Revenue,
    Stayer,
    Transaction,
    Viewer,
)

Events: TypeAlias = Sequence[Any]
"""Interactions; their module imports this one."""

_QUARTER_MINUTES = 15


@rule(DayCount, QuarterCount, Breakdown, Revenue, Viewer, Stayer, Clicker, Transaction)
async def count_interactions(rows: Events, tables: RollupTables) -> None:
    """Count events of people. Of one transaction the first event counts, the others leave no trace."""
    events = await _without_repeats(rows, tables)
    added: list[Rollup] = []
    parts: list[Rollup] = []
    for tenant, theirs in _by_tenant(events):
        added += _day_counts(tenant, theirs)
        added += _quarter_counts(tenant, theirs)
        added += _revenue(tenant, theirs)
        parts += breakdowns(tenant, theirs)
    await tables.add(added)
    await tables.add_bounded(parts, "value", most=MOST, other=OTHER)
    await tables.see(_visits(events, VIEWS), Viewer, _viewers)
    await tables.see(_visits(events, frozenset({"time_on_page"})), Stayer, _stayers)
    await tables.see(_visits(events, CLICKS), Clicker, _clickers)


@rule(BotDay)
async def count_bots(rows: Events, tables: RollupTables) -> None:
    """Count events of bots."""
    await tables.add([BotDay(tenant=row.tenant, day=row.day, events=1) for row in rows])


@rule(DropDay)
async def count_drops(rows: Events, tables: RollupTables) -> None:
    """Add drops up."""
    await tables.add([DropDay(tenant=row.tenant, day=row.day, reason=row.reason, events=row.events) for row in rows])


async def _without_repeats(rows: Events, tables: RollupTables) -> Events:
    claims = [_claim(row) for row in rows if row.transaction_id is not None]
    if not claims:
        return rows
    won = set(map(_taken_by, await tables.claim(claims)))
    return [row for row in rows if row.transaction_id is None or _taken_by(_claim(row)) in won]


def _claim(row: Any) -> Transaction:
    return Transaction(tenant=row.tenant, key=id_from(row.transaction_id), occurred=row.occurred)


def _taken_by(claim: Transaction) -> tuple[UUID, UUID, datetime]:
    return claim.tenant, claim.key, claim.occurred


def _by_tenant(rows: Events) -> Iterator[tuple[UUID, Events]]:
    # By the number: a UUID hashes and compares in Python.
    groups: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        groups[row.tenant.int].append(row)
    return ((group[0].tenant, group) for group in groups.values())


def _day_counts(tenant: UUID, rows: Events) -> Iterator[DayCount]:
    counts = Counter([(row.day, row.type) for row in rows])
    for (day, kind), number in counts.items():
        yield DayCount(tenant=tenant, day=day, **{kind: number})
    anonymous = Counter([row.day for row in rows if row.visitor is None])
    for day, number in anonymous.items():
        yield DayCount(tenant=tenant, day=day, anonymous=number)
    for row in rows:
        if row.milliseconds and row.visitor is not None:
            yield DayCount(tenant=tenant, day=row.day, milliseconds=row.milliseconds)


def _quarter_counts(tenant: UUID, rows: Events) -> Iterator[QuarterCount]:
    counts = Counter([(_quarter(row.received), row.type) for row in rows])
    for (at, kind), number in counts.items():
        yield QuarterCount(tenant=tenant, at=at, **{kind: number})


def _quarter(moment: datetime) -> datetime:
    return moment - timedelta(
        minutes=moment.minute % _QUARTER_MINUTES, seconds=moment.second, microseconds=moment.microsecond
    )


def _revenue(tenant: UUID, rows: Events) -> Iterator[Revenue]:
    for row in rows:
        if row.value is None or row.currency is None:
            continue
        refund = row.value < 0
        yield Revenue(
            tenant=tenant,
            day=row.day,
            currency=row.currency,
            amount=row.value,
            sales=int(not refund),
            refunds=int(refund),
            refunded=-row.value if refund else Decimal(0),
        )


def _visits(rows: Events, kinds: Iterable[str]) -> list[tuple[UUID, str, Any]]:
    return [(row.tenant, row.visitor, row.day) for row in rows if row.visitor is not None and row.type in kinds]


def _viewers(*, visitors: int = 0, last_here: int = 0, **key: Any) -> DayCount:
    return DayCount(visitors=visitors, visitors_last=last_here, **key)


def _stayers(*, visitors: int = 0, last_here: int = 0, **key: Any) -> DayCount:
    return DayCount(stayers=visitors, stayers_last=last_here, **key)


def _clickers(*, visitors: int = 0, last_here: int = 0, **key: Any) -> DayCount:
    return DayCount(clickers=visitors, clickers_last=last_here, **key)
