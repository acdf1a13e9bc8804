"""A declaration that could never work is refused where it is written; tables and metrics say what they should."""

from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest

from frontage.base.ids import new_id
from frontage.intake.count import count
from frontage.intake.rollup_tables import Days
from frontage.intake.rows import event_columns
from frontage.intake.stream import Event, Rollup, Stream, bind, id_from, key_fields, table_suffix
from frontage.intake.tables import BATCH, DEAD, ERASED, OUTBOX, is_partition, metadata

from .asking import moment
from .conftest import run_intake_revisions
from .streams import Stamp, StampCount, streams


@pytest.mark.parametrize(
    ("declare", "words"),
    [
        (lambda: Stream("Stamps", row=Stamp), "a name is"),
        (lambda: Stream("stamps", row=StampCount), "subclass of Event"),
        (lambda: Stream("stamps", row=Stamp, keep=False), "nothing would be left"),
        (lambda: count(StampCount, by=("day",), stamps=1), "without a default"),
        (lambda: count(StampCount, by=("day", "card"), stempel=1), "stempel"),
        (lambda: count(StampCount, by=("day", "card")), "say what is added"),
    ],
    ids=["name", "row", "keeps nothing", "half a key", "unknown number", "no number"],
)
def test_a_mistake_is_a_type_error(declare, words):
    with pytest.raises(TypeError, match=words):
        declare()


def test_names_follow_from_the_plugin_and_the_class():
    stream = bind("loyalty-stamps", [Stream("stamps", row=Stamp)])[0]
    assert (stream.table, stream.label) == ("loyalty_stamps_stamps", "loyalty-stamps.stamps")
    assert table_suffix(StampCount) == "stamp_count"
    assert key_fields(StampCount) == ("day", "card")


def test_columns_follow_from_annotations():
    class Visit(Event):
        page: str
        seconds: float | None = None
        kind: Literal["view", "click"] = "view"
        facts: dict[str, int] | None = None
        places: list[str] = msgspec.field(default_factory=list)
        flagged: bool = False
        on: date | None = None

    kinds = {column.name: (column.kind, column.nullable) for column in event_columns(Visit)[5:]}
    assert kinds == {
        "page": ("text", False),
        "seconds": ("float", True),
        "kind": ("text", False),
        "facts": ("json", True),
        "places": ("json", False),
        "flagged": ("boolean", False),
        "on": ("day", True),
    }


EDGES = ("2026-06-01 00:00", "2026-06-01 02:30", "2026-06-01 18:15", "1969-12-31 23:45", "1970-01-01 00:15")


def test_a_day_is_the_tenants_own_right_across_a_change_of_the_clock():
    tenant = new_id()
    days = Days(lambda _tenant: ZoneInfo("America/Havana"))
    for text, day in [
        ("2026-03-08 04:59:59", "2026-03-07"),
        ("2026-03-08 05:00:00", "2026-03-08"),
        ("2026-11-01 03:59:59", "2026-10-31"),
        ("2026-11-01 04:00:00", "2026-11-01"),
        ("2026-11-01 05:30:00", "2026-11-01"),
    ]:
        assert str(days.day(tenant, moment(text))) == day


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(EDGES), st.integers(-1, 1)), max_size=30))
def test_days_and_hours_are_right_in_whatever_order_tenants_and_moments_come(asked):
    """What is remembered of a quarter of an hour holds to its last microsecond, and for its own tenant alone."""
    zones = {new_id(): ZoneInfo("Asia/Kathmandu"), new_id(): ZoneInfo("America/St_Johns")}
    days = Days(zones.__getitem__)
    for first, edge, step in asked:
        tenant = list(zones)[first]
        at = moment(edge) + step * datetime.resolution
        local = at.astimezone(zones[tenant])
        assert days.hour(tenant, at) == (local.date(), local.hour)


def test_an_id_from_a_clients_words_is_always_the_same_and_never_anothers():
    assert id_from("a", "b") == id_from("a", "b")
    assert len({id_from("a", "b"), id_from("ab"), id_from("b", "a"), id_from("a", "b", "")}) == 4


def test_partitions_are_told_from_tables():
    assert is_partition("loyalty_stamps_stamps_20261120")
    assert is_partition("loyalty_stamps_stamps_default")
    assert not is_partition("loyalty_stamps_stamp_count")


async def test_revisions_go_up_down_and_up_and_agree_with_the_tables(database_url):
    from frontage.base.database import Database

    database = Database(database_url)

    def there_and_back(connection: sa.Connection) -> list[object]:
        context = MigrationContext.configure(
            connection, opts={"include_name": lambda name, kind, _up: kind != "table" or name.startswith("intake_")}
        )
        with Operations.context(context) as op:
            for step in ("upgrade", "downgrade", "upgrade"):
                run_intake_revisions(op, step)
        wanted = sa.MetaData()
        for name in (OUTBOX, DEAD, BATCH, ERASED):
            metadata.tables[name].to_metadata(wanted)
        return compare_metadata(context, wanted)

    async with database.engine.begin() as connection:
        assert await connection.run_sync(there_and_back) == []
    await database.close()


async def test_the_series_are_those_that_were_promised(database, intake, tenant):
    stamp = Stamp(card="a")
    await intake.accept([stamp, Stamp(card="b")], tenant=tenant)
    await intake.accept(stamp, tenant=tenant)
    intake.drop(Stamp, "bot", 3)
    registry = CollectorRegistry()
    registry.register(intake)
    told = generate_latest(registry).decode()
    labels = '{stream="loyalty-stamps.stamps",worker="0"}'
    for name, value in [("accepted", 3), ("adopted", 0), ("stored", 2), ("duplicate", 1), ("dead", 0)]:
        assert f"frontage_intake_{name}_total{labels} {value}.0" in told
    for name in ("spooled", "in_flight"):
        assert f"frontage_intake_{name}{labels} 0.0" in told
    assert 'frontage_intake_dropped_total{reason="bot",stream="loyalty-stamps.stamps",worker="0"} 3.0' in told
    assert "_created" not in told


def test_every_stream_of_the_tests_has_a_table_of_its_own():
    assert len({stream.table for stream in streams}) == len(streams)


def test_rollups_need_a_number_to_add():
    class Nothing(Rollup):
        day: date

    with pytest.raises(TypeError, match="say what is added"):
        count(Nothing, by=("day",))
