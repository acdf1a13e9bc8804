"""Visitors: one address is one visitor while a salt lives, nobody can turn a hash back, and no address is kept."""

import asyncio
import hashlib
import json
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from frontage_landing_analytics import salts as salts_module
from frontage_landing_analytics import visitors as visitors_module
from frontage_landing_analytics.memory import memory_of
from frontage_landing_analytics.models import Salt
from frontage_landing_analytics.rollups import Clicker, DayCount, Stayer, Viewer
from frontage_landing_analytics.visitors import HASH_LENGTH, span_of, visitor_hash

from .shop import BOTS, CONVERSION, LANDING, POLICIES

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    ("window", "day", "starts", "ends"),
    [
        ("month", date(2026, 2, 28), date(2026, 2, 1), date(2026, 3, 1)),
        ("month", date(2026, 12, 31), date(2026, 12, 1), date(2027, 1, 1)),
        ("week", date(2026, 3, 8), date(2026, 3, 2), date(2026, 3, 9)),
        ("week", date(2026, 3, 9), date(2026, 3, 9), date(2026, 3, 16)),
        ("day", date(2026, 3, 8), date(2026, 3, 8), date(2026, 3, 9)),
    ],
)
async def test_a_window_is_a_calendar_month_a_week_or_a_day(window, day, starts, ends):
    """The last day is not of it."""
    assert span_of(day, window) == (starts, ends)


async def test_a_visitor_is_forty_five_hex_characters_that_no_table_turns_back(shop):
    """HMAC under a random salt: the plain digests of all addresses nearby are worth nothing, nor is another shop's."""
    await shop.track("pageview", visitor="203.0.113.7")
    (row,) = await shop.rows()
    assert len(row["visitor"]) == HASH_LENGTH
    assert set(row["visitor"]) <= set("0123456789abcdef")
    plain = {hashlib.sha256(f"203.0.{a}.{b}".encode()).hexdigest()[:45] for a in range(256) for b in range(256)}
    assert row["visitor"] not in plain
    salt = b"s" * 32
    assert visitor_hash(salt, shop.tenant_id, "203.0.113.7") != visitor_hash(b"t" * 32, shop.tenant_id, "203.0.113.7")


async def test_the_same_address_is_another_visitor_in_another_shop(street):
    """Nobody can follow a person from shop to shop."""
    one, other = await street.open(), await street.open()
    for shop in (one, other):
        await shop.track("pageview")
    assert (await one.rows())[0]["visitor"] != (await other.rows())[0]["visitor"]


async def test_salts_are_made_a_day_ahead_and_gone_when_their_window_is_over(street, monkeypatch):
    """Tomorrow's salt is there today; yesterday's is in no row and in no memory."""
    shop = await street.open(plugin='[plugins.landing-analytics]\nsalt_window = "day"\n')
    context = street.context
    salts = memory_of(context).salts
    now = datetime(2031, 5, 5, 12, tzinfo=UTC)
    await salts.prepare(now)
    assert await stored_days(shop) >= {date(2031, 5, 5), date(2031, 5, 6)}
    tenant = street.running.tenant(shop.slug)
    salts.visitor(b"s" * 32, shop.tenant_id, "203.0.113.7")
    assert salts.known(tenant, date(2031, 5, 5), "day") != salts.known(tenant, date(2031, 5, 6), "day")
    monkeypatch.setattr(salts_module, "utc_now", lambda: now + timedelta(days=1))
    await salts.prepare(now + timedelta(days=1))
    await salts_module.forget_salts(context)
    assert await stored_days(shop) == {date(2031, 5, 6), date(2031, 5, 7)}
    assert salts.known(tenant, date(2031, 5, 5), "day") is None
    assert salts.visitor.cache_info().currsize == 0


async def stored_days(shop) -> set[date]:
    async with shop.running.database.reading() as session:
        return set((await session.scalars(sa.select(Salt.starts).where(Salt.tenant_id == shop.tenant_id))).all())


async def test_who_was_here_long_ago_is_forgotten_and_stays_in_every_count(street, clock, monkeypatch):
    """Not before the events are gone, for a recount needs the rows until then; after that only numbers are left."""
    shop = await street.open(plugin="[plugins.landing-analytics]\nretention_days = 70\n")
    monkeypatch.setattr(visitors_module, "utc_now", lambda: clock[0])
    for visitor in ("203.0.113.1", "203.0.113.2"):
        for kind in ("pageview", "time_on_page", "click_call"):
            await shop.track(kind, visitor=visitor)
    clock[0] += timedelta(days=60)
    await shop.track("pageview", visitor="203.0.113.3")
    days = await shop.counts(DayCount)
    for later, left in ((10, [3, 2, 2]), (11, [1, 0, 0]), (200, [0, 0, 0])):
        clock[0] = datetime(2026, 3, 8, 12, tzinfo=UTC) + timedelta(days=later + 60)
        await visitors_module.forget_visitors(street.context)
        assert [len(await shop.counts(kind)) for kind in (Viewer, Stayer, Clicker)] == left
    assert await shop.counts(DayCount) == days


async def test_two_processes_agree_on_a_salt(street, tmp_path):
    """Both ask at once for a shop of which nobody has asked before, and both tell the same hash."""
    shop = await street.open()
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder in folders:
        folder.mkdir()
    script, url = Path(__file__).parent / "ask_for_a_salt.py", street.running.settings.database_url
    asked = [
        await asyncio.create_subprocess_exec(
            sys.executable, str(script), url, str(folder), shop.slug,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )
        for folder in folders
    ]  # fmt: skip
    for process in asked:
        assert (await process.stdout.readline()) == b"ready\n"
    answers = await asyncio.gather(*(process.communicate(b"go\n") for process in asked))
    hashes = {out.decode().strip() for out, _ in answers}
    assert len(hashes) == 1
    assert len(hashes.pop()) == HASH_LENGTH


async def test_no_address_is_in_any_table_or_in_any_log(street):
    """Every row of every table and every line of the log is searched."""
    shop = await street.open(head=POLICIES)
    addresses = ["198.51.100.77", "2001:db8:aaaa:bbbb::77"]
    with capture_logs() as lines:
        for address in addresses:
            for headers in ({}, {"User-Agent": "Googlebot/2.1"}, {"Sec-GPC": "1"}):
                body = {"tenant_id": shop.number, "event_type": "pageview"}
                assert (await shop.post(LANDING, body, visitor=address, headers=headers)).status_code == 200
            await shop.post(CONVERSION, {"tenant_slug": shop.slug, "value": {}}, visitor=address)
            await shop.post(LANDING, b"{", visitor=address)
        await shop.counted()
        await shop.read()
    assert len(await shop.rows(BOTS)) == 2
    told = await everything(street.running.database) + json.dumps(lines, default=str)
    for trace in ("198.51.100", "2001:db8", "aaaa:bbbb"):
        assert trace not in told
    assert (await shop.rows())[0]["visitor"] in told


async def everything(database) -> str:
    """All rows of all tables as text."""
    async with database.engine.connect() as connection:
        names = await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names())
        texts = []
        for name in names:
            rows = (await connection.exec_driver_sql(f'select * from "{name}"')).all()
            texts += [repr(tuple(row)) for row in rows]
        return "\n".join(texts)


async def test_without_a_salt_an_event_is_kept_without_its_visitor(shop, monkeypatch):
    """A database that is away costs the visitor, never the event."""

    async def away(self, wanted):
        raise OSError("away")

    monkeypatch.setattr(salts_module.Salts, "_load", away)
    await shop.track("pageview")
    assert [row["visitor"] for row in await shop.rows()] == [None]
