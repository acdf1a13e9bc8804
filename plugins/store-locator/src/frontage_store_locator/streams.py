"""What is counted of visitors for a tenant that wants it: steps on their way to a place, by day and by nothing else."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Literal

from frontage.plugin import Event, Rollup, RollupTables, Stream, rule

Step = Literal["loads", "searches", "searches_without_result", "store_clicks", "direction_clicks"]


class FunnelStep(Event, frozen=True):
    """One step of somebody, on a day of the tenant's own; its moments are that day's, so that nothing else is told."""

    day: date
    step: Step


class FunnelDay(Rollup):
    """How many steps there were on a day."""

    day: date
    loads: int = 0
    searches: int = 0
    searches_without_result: int = 0
    store_clicks: int = 0
    direction_clicks: int = 0


@rule(FunnelDay)
async def add_up(steps: Sequence[FunnelStep], tables: RollupTables) -> None:
    """Count steps by tenant and day."""
    days: dict[tuple[int, date], FunnelDay] = {}
    for (tenant, day, step), times in Counter((one.tenant, one.day, one.step) for one in steps).items():
        row = days.setdefault((tenant.int, day), FunnelDay(tenant=tenant, day=day))
        setattr(row, step, times)
    await tables.add(list(days.values()))


streams = [Stream("funnel", row=FunnelStep, rollup=add_up, keep=False)]
