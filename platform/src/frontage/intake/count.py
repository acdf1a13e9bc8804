"""The rollup that most streams need: add numbers up by key."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from operator import attrgetter
from typing import Any, Literal

from frontage.intake.stream import Event, Rollup, RollupTables, Rule, key_fields, value_fields

Measure = int | str | Callable[[Any], Any]
"""What an event adds: a number, the name of a field, or a function of the event."""


def count(
    kind: type[Rollup],
    *,
    by: tuple[str, ...],
    when: Callable[[Any], bool] | None = None,
    day_of: Literal["occurred", "received"] = "occurred",
    **measures: Measure,
) -> Rule:
    """Count events into `kind` by fields of the event; `day` is the tenant's own calendar day."""
    _check(kind, by, measures)
    # The tenant as an int: a UUID hashes and compares in Python.
    read_key = attrgetter("tenant.int", *(name for name in by if name != "day"))
    by_day = "day" in by
    read_moment = attrgetter(day_of)
    fixed = {name: measure for name, measure in measures.items() if isinstance(measure, int)}
    read = {name: _reader(measure) for name, measure in measures.items() if not isinstance(measure, int)}

    async def add_up(rows: Sequence[Event], tables: RollupTables) -> None:
        groups: dict[tuple[Any, date | None], list[Event]] = defaultdict(list)
        for row in rows:
            if when is None or when(row):
                day = tables.day(row.tenant, read_moment(row)) if by_day else None
                groups[read_key(row), day].append(row)
        await tables.add([_sum(day, group) for (_, day), group in groups.items()])

    def _sum(day: date | None, group: list[Event]) -> Rollup:
        facts = {name: day if name == "day" else getattr(group[0], name) for name in by}
        fixed_sums = {name: amount * len(group) for name, amount in fixed.items()}
        read_sums = {name: sum(map(reader, group)) for name, reader in read.items()}
        return kind(tenant=group[0].tenant, **facts, **fixed_sums, **read_sums)

    return Rule(add_up, (kind,))


def _reader(measure: str | Callable[[Any], Any]) -> Callable[[Any], Any]:
    return attrgetter(measure) if isinstance(measure, str) else measure


def _check(kind: type[Rollup], by: tuple[str, ...], measures: dict[str, Measure]) -> None:
    if set(by) != set(key_fields(kind)):
        raise TypeError(f"count({kind.__name__}): by={by} must name its fields without a default: {key_fields(kind)}")
    unknown = set(measures) - set(value_fields(kind))
    if unknown or not measures:
        raise TypeError(f"count({kind.__name__}): say what is added to {value_fields(kind)}, not {sorted(unknown)}")
