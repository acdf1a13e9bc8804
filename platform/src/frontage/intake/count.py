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
    keys = _Keys(by, day_of)
    fixed = {name: measure for name, measure in measures.items() if isinstance(measure, int)}
    read = {name: _reader(measure) for name, measure in measures.items() if not isinstance(measure, int)}

    async def add_up(rows: Sequence[Event], tables: RollupTables) -> None:
        groups: dict[tuple[Any, ...], list[Event]] = {}
        for row in rows:
            if when is None or when(row):
                groups.setdefault(keys.of(row, tables), []).append(row)
        await tables.add(
            [
                kind(
                    tenant=key[0],
                    **dict(zip(by, key[1:], strict=True)),
                    **{name: amount * len(group) for name, amount in fixed.items()},
                    **{name: sum(map(reader, group)) for name, reader in read.items()},
                )
                for key, group in groups.items()
            ]
        )

    return Rule(add_up, (kind,))


class _Keys:
    def __init__(self, by: tuple[str, ...], day_of: str) -> None:
        self.plain = attrgetter("tenant", *(day_of if name == "day" else name for name in by))
        self.day_at = by.index("day") + 1 if "day" in by else None

    def of(self, row: Event, tables: RollupTables) -> tuple[Any, ...]:
        key: tuple[Any, ...] = self.plain(row)
        if self.day_at is None:
            return key
        return (*key[: self.day_at], tables.day(row.tenant, key[self.day_at]), *key[self.day_at + 1 :])


def _reader(measure: str | Callable[[Any], Any]) -> Callable[[Any], Any]:
    return attrgetter(measure) if isinstance(measure, str) else measure


def _check(kind: type[Rollup], by: tuple[str, ...], measures: dict[str, Measure]) -> None:
    if set(by) != set(key_fields(kind)):
        raise TypeError(f"count({kind.__name__}): by={by} must name its fields without a default: {key_fields(kind)}")
    unknown = set(measures) - set(value_fields(kind))
    if unknown or not measures:
        raise TypeError(f"count({kind.__name__}): say what is added to {value_fields(kind)}, not {sorted(unknown)}")
