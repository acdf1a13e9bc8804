"""The rollup: what events add by themselves, and what follows from the session that they belong to."""

import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from frontage.plugin import RollupTables, rule
from frontage_storefront_beacon.interaction import Interaction
from frontage_storefront_beacon.names import LAST_POSITION, settle
from frontage_storefront_beacon.rollups import (
    COUNTED,
    ListDay,
    ProductDay,
    SearchDay,
    SessionTrace,
    TokenDay,
    TrendHour,
)
from frontage_storefront_beacon.sums import Sums
from frontage_storefront_beacon.traces import Step, extended, facts_of, first_of, step_of

_LONGEST_QUERY = 100
_RESULTS = ("results", "results_count", "result_count", "total_results")
_PRODUCT_FIELDS = {
    "product_impression": "impressions",
    "product_click": "clicks",
    "product_view": "views",
    "add_to_cart": "adds",
    "product_hover": "hovers",
    "product_touch": "touches",
}
_LIST_FIELDS = {
    "product_impression": "impressions",
    "product_click": "clicks",
    "product_view": "product_views",
    "add_to_cart": "adds",
}
_DIRECT_FIELDS = {"product_click": "direct_clicks", "product_view": "direct_views", "add_to_cart": "direct_adds"}
_UNNAMED = "unnamed"


@rule(*COUNTED)
async def count_interactions(rows: Sequence[Interaction], tables: RollupTables) -> None:
    """Count events into all tables."""
    sums = Sums()
    sessions: dict[tuple[int, date, str], list[Interaction]] = defaultdict(list)
    for row in rows:
        day, hour = tables.hour(row.tenant, row.occurred)
        sums.add(TrendHour, row.tenant, (day, hour, row.kind), "bots" if row.bot else "events")
        if row.bot:
            continue
        _count(row, day, sums)
        if row.session_id is not None:
            sessions[row.tenant.int, day, row.session_id].append(row)
    await _follow(sessions, sums, tables)
    await settle(sums, tables)
    await tables.add(sums.rows())


def _count(row: Interaction, day: date, sums: Sums) -> None:
    """What an event adds by itself."""
    kind, tenant = row.kind, row.tenant
    if (field := _PRODUCT_FIELDS.get(kind)) is not None:
        position = min(row.position or 0, LAST_POSITION)
        sums.add(ProductDay, tenant, (day, row.product_id, position), field)
    elif kind in {"search", "autocomplete"}:
        key = (day, plain(row.query or ""))
        sums.add(SearchDay, tenant, key, "searches" if kind == "search" else "completions")
        if kind == "search" and _found_nothing(row.contextual_data):
            sums.add(SearchDay, tenant, key, "without_result")
    if row.collection_handle is not None or row.block_id is not None or kind == "block_view":
        _count_lists(row, day, sums)
    if row.attribution_token is not None:
        sums.add(TokenDay, tenant, (day, row.attribution_token), "shown")
        if (field := _DIRECT_FIELDS.get(kind)) is not None:
            sums.add(TokenDay, tenant, (day, row.attribution_token), field)


def _count_lists(row: Interaction, day: date, sums: Sums) -> None:
    field = _LIST_FIELDS.get(row.kind)
    for list_, name, view in (
        ("collection", row.collection_handle, "collection_view"),
        ("block", row.block_id or (_UNNAMED if row.kind == "block_view" else None), "block_view"),
    ):
        counted = "views" if row.kind == view else field
        if name is not None and counted is not None:
            sums.add(ListDay, row.tenant, (day, list_, name), counted)


async def _follow(sessions: dict[tuple[int, date, str], list[Interaction]], sums: Sums, tables: RollupTables) -> None:
    """Extend the traces of sessions, and count what follows from each now and did not before."""
    keys = [(rows[0].tenant, day, session) for (_, day, session), rows in sessions.items()]
    known = {(trace.tenant.int, trace.day, trace.session): trace for trace in await tables.fetch(SessionTrace, keys)}
    changed = []
    for (number, day, session), rows in sessions.items():
        tenant = rows[0].tenant
        before = known.get((number, day, session)) or SessionTrace(tenant=tenant, day=day, session=session)
        after = extended(before, min(map(first_of, rows)), _steps(rows))
        _add_difference(tenant, before, after, sums)
        after.steps = [list(step) for step in after.steps]
        changed.append(after)
    await tables.put(changed)


def _add_difference(tenant: UUID, before: SessionTrace, after: SessionTrace, sums: Sums) -> None:
    facts = facts_of(after)
    facts.subtract(facts_of(before))
    for (kind, key, field), number in facts.items():
        if number:
            sums.add(kind, tenant, key, field, number)


def _steps(rows: Sequence[Interaction]) -> list[Step]:
    found = (step_of(row, plain(row.query) if row.query else "") for row in rows)
    return [step for step in found if step is not None]


@lru_cache(16_384)
def plain(query: str) -> str:
    """A query as people would write it down: no matter the case, the spaces, the form of its letters."""
    return " ".join(unicodedata.normalize("NFKC", query).casefold().split())[:_LONGEST_QUERY].rstrip()


def _found_nothing(data: dict[str, Any] | None) -> bool:
    """Whether a search says of itself that it found nothing."""
    return data is not None and any(type(number := data.get(name)) is int and number == 0 for name in _RESULTS)
