"""The rollup that most streams need: add numbers up by key."""

from collections.abc import Callable, Sequence
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
    read_key = attrgetter(*(name for name in by if name != "day"), "tenant")
    day_at = by.index("day") if "day" in by else None
    read_moment = attrgetter(day_of)
    fixed = {name: measure for name, measure in measures.items() if isinstance(measure, int)}
    read = {name: _reader(measure) for name, measure in measures.items() if not isinstance(measure, int)}

    async def add_up(rows: Sequence[Event], tables: RollupTables) -> None:
        groups: dict[tuple[Any, ...], list[Event]] = {}
        for row in rows:
            if when is not None and not when(row):
                continue
            tenant = row.tenant
            key = read_key(row) if len(by) > (day_at is not None) else (tenant,)
            # The tenant as an int: a UUID hashes and compares in Python.
            key = (*key[:-1], None if day_at is None else tables.day(tenant, read_moment(row)), tenant.int)
            group = groups.get(key)
            if group is None:
                groups[key] = [row]
            else:
                group.append(row)
        await tables.add([_sum(key, group) for key, group in groups.items()])

    def _sum(key: tuple[Any, ...], group: list[Event]) -> Rollup:
        *facts, day, _tenant = key
        if day_at is not None:
            facts.insert(day_at, day)
        values = {name: amount * len(group) for name, amount in fixed.items()}
        values |= {name: sum(map(reader, group)) for name, reader in read.items()}
        return kind(tenant=group[0].tenant, **dict(zip(by, facts, strict=True)), **values)

    return Rule(add_up, (kind,))


def _reader(measure: str | Callable[[Any], Any]) -> Callable[[Any], Any]:
    return attrgetter(measure) if isinstance(measure, str) else measure


def _check(kind: type[Rollup], by: tuple[str, ...], measures: dict[str, Measure]) -> None:
    if set(by) != set(key_fields(kind)):
        raise TypeError(f"count({kind.__name__}): by={by} must name its fields without a default: {key_fields(kind)}")
    unknown = set(measures) - set(value_fields(kind))
    if unknown or not measures:
        raise TypeError(f"count({kind.__name__}): say what is added to {value_fields(kind)}, not {sorted(unknown)}")
