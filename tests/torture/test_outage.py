"""A long outage: what was spooled comes into the database in its order, while new events flow."""

from tests.torture import books, faults
from tests.torture.__main__ import Row, one


async def test_after_an_outage_the_spool_drains_in_order_while_new_events_flow():
    """Nothing is refused or lost; each transaction of the draining holds what came after that of the one before."""
    seen = []

    async def look(scene):
        seen.append((scene.outage, await books.draining(scene.url, scene.outage.since, scene.outage.until)))

    result = await one("postgresql", Row("outage", faults.short_outage, 1), 1, look)
    assert result.good, result
    assert "503" not in result.note
    ((outage, drained),) = seen
    assert outage.spooled > 0
    assert drained.transactions >= 2, "more than one portion, or there is no order to speak of"
    assert drained.out_of_order == 0
    assert drained.new_meanwhile > 0
