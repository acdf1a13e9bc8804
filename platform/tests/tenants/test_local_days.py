"""Days of tenants: they never go back, whatever becomes of the time zone."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from frontage.tenants.local_days import HeldDay, day_at, day_to_hold

ZONES = ("UTC", "America/Tegucigalpa", "Asia/Kathmandu", "Pacific/Kiritimati", "Pacific/Niue", "America/Sao_Paulo")
MOMENTS = st.datetimes(datetime(2015, 1, 1), datetime(2030, 1, 1)).map(lambda naive: naive.replace(tzinfo=UTC))  # noqa: DTZ001


def test_a_change_holds_from_the_next_local_day():
    """Until midnight where the tenant was, it is the day that it was."""
    berlin, tokyo = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Tokyo")
    noon = datetime(2026, 3, 8, 11, tzinfo=UTC)
    held = day_to_hold(noon, berlin, None)
    assert held == HeldDay(date(2026, 3, 8), datetime(2026, 3, 8, 23, tzinfo=UTC))
    assert day_at(datetime(2026, 3, 8, 22, 59, tzinfo=UTC), tokyo, held) == date(2026, 3, 8)
    assert day_at(datetime(2026, 3, 8, 23, tzinfo=UTC), tokyo, held) == date(2026, 3, 9)


@given(MOMENTS, st.lists(st.tuples(st.sampled_from(ZONES), st.integers(0, 60 * 60 * 60)), min_size=1, max_size=6))
def test_days_never_go_back(moment, changes):
    """Through any changes of zone, close together or far apart."""
    zone, held, before = ZoneInfo("UTC"), None, date.min
    for name, seconds in changes:
        for part in range(4):
            now = moment + timedelta(seconds=seconds * part / 3)
            day = day_at(now, zone, held)
            assert day >= before
            before = day
        moment += timedelta(seconds=seconds)
        held, zone = day_to_hold(moment, zone, held), ZoneInfo(name)
        assert day_at(moment, zone, held) == before
