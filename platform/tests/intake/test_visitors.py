"""Visitors by day and week are exact, in whatever order and however late their receipts come."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from frontage.base.ids import new_id
from frontage.intake.visitors import REACH, see

from .streams import ViewDay, ViewVisitor

TODAY = date(2026, 6, 30)
TENANT = new_id()
visits = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 90)), max_size=60)


def counted(batches):
    """Visitors of each day and last days, as the tables would have them after these batches."""
    known, by_day, last = {}, {}, {}
    for batch in batches:
        changed, days = see(
            [(TENANT, name, TODAY - timedelta(days=back)) for name, back in batch], known, ViewVisitor, ViewDay
        )
        known |= {(row.tenant, row.visitor): row for row in changed}
        for row in days:
            by_day[row.day] = by_day.get(row.day, 0) + row.visitors
            last[row.day] = last.get(row.day, 0) + row.last_here
    return known, by_day, last


@given(visits, st.integers(1, 7))
def test_days_and_weeks_equal_the_sets(seen, size):
    recent = [(name, min(back, REACH)) for name, back in seen]
    _known, by_day, last = counted(recent[at : at + size] for at in range(0, len(recent), size))
    for back in range(REACH + 1):
        day = TODAY - timedelta(days=back)
        assert by_day.get(day, 0) == len({name for name, ago in recent if ago == back})
    for span in (1, 7, 30):
        week = sum(last.get(TODAY - timedelta(days=back), 0) for back in range(span))
        assert week == len({name for name, ago in recent if ago < span})
        days = [by_day.get(TODAY - timedelta(days=back), 0) for back in range(span)]
        assert max(days) <= week <= sum(days)


@given(visits)
def test_the_bitmap_never_leaves_a_signed_bigint(seen):
    known, by_day, last = counted([[visit] for visit in seen])
    assert all(0 < row.days < 1 << 63 and row.days & 1 for row in known.values())
    assert all(count >= 0 for count in (*by_day.values(), *last.values()))
    assert sum(last.values()) == len(known)
