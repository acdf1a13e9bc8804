"""Opening hours: by the clock on the wall, in every zone, over holidays, special days and the nights between them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from frontage_store_locator.hours import HoursError, SpecialDay, Status, check, check_special, parse
from frontage_store_locator.hours_wording import suggest

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"


def at(text, zone):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def hours(text, zone=BERLIN, country="DE", *special):
    found = parse(text, zone, country, special)
    assert found is not None
    return found


def closed(day):
    return SpecialDay(date.fromisoformat(day))


def special(day, text):
    return SpecialDay(date.fromisoformat(day), text)


WEEK = "Mo-Fr 09:00-18:00; Sa 10:00-14:00; PH off"
BAR = "Fr 22:00-04:00; PH off"


@pytest.mark.parametrize(
    ("text", "zone", "country", "moment", "is_open"),
    [
        pytest.param(WEEK, BERLIN, "DE", "2026-11-20T09:00", True, id="opens-on-the-minute"),
        pytest.param(WEEK, BERLIN, "DE", "2026-11-20T18:00", False, id="closes-on-the-minute"),
        pytest.param(WEEK, BERLIN, "DE", "2026-11-22T12:00", False, id="sunday"),
        pytest.param(WEEK, BERLIN, "DE", "2026-10-03T12:00", False, id="german-unity-day-a-saturday"),
        pytest.param(WEEK, BERLIN, "FR", "2026-10-03T12:00", True, id="no-holiday-in-france"),
        pytest.param(WEEK, NEW_YORK, "US", "2026-11-26T12:00", False, id="thanksgiving"),
        pytest.param(WEEK, NEW_YORK, "us", "2026-11-26T12:00", False, id="country-in-lower-case"),
        pytest.param(WEEK, NEW_YORK, "", "2026-11-26T12:00", True, id="no-country-no-holidays"),
        pytest.param(WEEK, "Asia/Kathmandu", "NP", "2026-05-01T12:00", False, id="a-country-the-engine-does-not-know"),
        pytest.param(WEEK, "Asia/Kathmandu", "NP", "2026-05-04T12:00", True, id="its-ordinary-days"),
        pytest.param(WEEK, BERLIN, "XX", "2026-11-20T12:00", True, id="a-country-that-there-is-not"),
        pytest.param(BAR, BERLIN, "DE", "2026-11-21T03:59", True, id="friday-night-lasts-until-saturday"),
        pytest.param(BAR, BERLIN, "DE", "2026-11-21T04:00", False, id="and-no-longer"),
        pytest.param(BAR, BERLIN, "DE", "2026-05-02T01:00", False, id="no-morning-after-a-holiday-evening"),
        pytest.param(BAR, BERLIN, "DE", "2026-10-03T01:00", True, id="the-night-before-a-holiday-goes-on"),
        pytest.param("Fr 10:00-28:00", BERLIN, "DE", "2026-11-21T03:00", True, id="hours-beyond-24"),
        pytest.param("Fr 18:00-24:00", BERLIN, "DE", "2026-11-21T00:00", False, id="until-midnight"),
        pytest.param("24/7", BERLIN, "DE", "2026-11-21T00:00", True, id="always"),
        pytest.param("24/7 off", BERLIN, "DE", "2026-11-21T00:00", False, id="never"),
        pytest.param("Mo-Su 08:00-12:00 unknown", BERLIN, "DE", "2026-11-21T09:00", None, id="the-text-does-not-say"),
        pytest.param("Mo-Su 01:15-02:30", NEW_YORK, "US", "2026-11-01T01:20", True, id="the-first-1:20-of-two"),
        pytest.param("Mo-Su 02:30-02:45", BERLIN, "DE", "2026-03-29T03:00", False, id="hours-that-the-clocks-skip"),
    ],
)
def test_a_place_is_open_by_the_clock_on_its_wall(text, zone, country, moment, is_open):
    assert hours(text, zone, country).is_open(at(moment, zone)) is is_open


def test_an_hour_that_comes_twice_is_open_twice():
    """On the night when clocks go back, 01:15-01:45 lasts from the first 01:15 to the second 01:45."""
    night = hours("Mo-Su 01:15-01:45", NEW_YORK, "US")
    first = datetime(2026, 11, 1, 5, 15, tzinfo=UTC)
    assert [night.is_open(first + timedelta(minutes=step)) for step in (-1, 0, 60, 89, 90)] == [
        False,
        True,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("days", "moment", "is_open", "today"),
    [
        pytest.param([closed("2026-11-20")], "2026-11-20T12:00", False, "", id="closed-for-a-day"),
        pytest.param([special("2026-11-20", "10:00-15:00")], "2026-11-20T14:59", True, "10:00-15:00", id="shorter"),
        pytest.param([special("2026-11-20", "10:00-15:00")], "2026-11-20T15:00", False, "10:00-15:00", id="and-over"),
        pytest.param([special("2026-11-22", "10:00-12:00")], "2026-11-22T11:00", True, "10:00-12:00", id="on-a-sunday"),
        pytest.param(
            [special("2026-10-03", "10:00-12:00")], "2026-10-03T11:00", True, "10:00-12:00", id="on-a-holiday"
        ),
        pytest.param([special("2026-11-20", "off")], "2026-11-20T12:00", False, "", id="off-in-words"),
        pytest.param(
            [special("2026-11-20", "20:00-02:00")], "2026-11-21T01:00", True, "10:00-14:00", id="into-the-next"
        ),
    ],
)
def test_a_special_day_replaces_the_hours_of_that_day(days, moment, is_open, today):
    status = hours(WEEK, BERLIN, "DE", *days).status(at(moment, BERLIN))
    assert (status.open_now, status.hours_today) == (is_open, today)


def test_a_special_day_takes_the_morning_after_with_it_and_leaves_the_night_before():
    """A bar that is closed on Friday is closed at one on Saturday; closed on Saturday, Friday's night goes on."""
    one_at_night = at("2026-11-21T01:00", BERLIN)
    assert hours(BAR, BERLIN, "DE", closed("2026-11-20")).is_open(one_at_night) is False
    assert hours(BAR, BERLIN, "DE", closed("2026-11-21")).is_open(one_at_night) is True


def test_special_days_alone_are_hours_too():
    fair = hours("", BERLIN, "DE", special("2026-12-05", "10:00-20:00"))
    assert fair.status(at("2026-11-20T12:00", BERLIN)) == Status(False, "", at("2026-12-05T10:00", BERLIN))
    assert parse("", BERLIN, "DE") is None


@pytest.mark.parametrize(
    ("text", "moment", "change"),
    [
        pytest.param(WEEK, "2026-11-20T12:00", "2026-11-20T18:00", id="closes"),
        pytest.param(WEEK, "2026-11-20T18:00", "2026-11-21T10:00", id="opens-tomorrow"),
        pytest.param(WEEK, "2026-11-21T14:00", "2026-11-23T09:00", id="over-sunday"),
        pytest.param(
            "Mo-Su 08:00-12:00,12:00-18:00", "2026-11-20T11:00", "2026-11-20T18:00", id="touching-spans-are-one"
        ),
        pytest.param(
            'Mo-Su 08:00-12:00 "a", 12:00-18:00 "b"',
            "2026-11-20T11:00",
            "2026-11-20T18:00",
            id="a-comment-is-no-change",
        ),
        pytest.param("Mo-Th 00:00-24:00; Fr 00:00-18:00", "2026-11-16T11:00", "2026-11-20T18:00", id="over-midnights"),
        pytest.param("May-Sep 10:00-12:00", "2026-11-20T11:00", "2027-05-01T10:00", id="a-season-far-away"),
        pytest.param("24/7", "2026-11-20T11:00", None, id="never-closes"),
        pytest.param("24/7 off", "2026-11-20T11:00", None, id="never-opens"),
    ],
)
def test_the_next_change_is_told_in_the_zone_of_the_place(text, moment, change):
    found = hours(text).next_change(at(moment, BERLIN))
    assert found == (at(change, BERLIN) if change else None)
    assert found is None or str(found.tzinfo) == BERLIN


@pytest.mark.parametrize(
    ("text", "moment", "today"),
    [
        pytest.param("Mo-Fr 09:00-12:00,13:00-18:00", "2026-11-20T20:00", "09:00-12:00, 13:00-18:00", id="split"),
        pytest.param(BAR, "2026-11-20T08:00", "22:00-04:00", id="overnight"),
        pytest.param(BAR, "2026-11-21T01:00", "", id="yesterday's-night-is-not-today's"),
        pytest.param("24/7", "2026-11-21T01:00", "00:00-24:00", id="always"),
    ],
)
def test_the_hours_of_today_are_those_that_begin_today(text, moment, today):
    assert hours(text).today(at(moment, BERLIN)) == today


def test_sunrise_needs_a_position():
    """The sun rises in Berlin's November after half past seven, and at seven where nobody knows where."""
    moment = at("2026-11-20T12:00", BERLIN)
    placed = parse("sunrise-sunset", BERLIN, "DE", (), (52.52, 13.4))
    assert placed.today(moment).startswith("07:3")
    assert hours("sunrise-sunset").today(moment) == "07:00-19:00"


def test_equal_texts_share_one_object_and_an_answer_is_kept_until_it_changes():
    one, other = hours(WEEK), hours(WEEK)
    assert one is other
    noon = at("2026-11-20T12:00", BERLIN)
    assert one.status(noon) is one.status(noon + timedelta(hours=5))
    assert one.status(noon) is not one.status(noon + timedelta(hours=6))
    assert one.status(noon - timedelta(days=1)).hours_today == "09:00-18:00"


@pytest.mark.parametrize(
    ("text", "position", "suggestion"),
    [
        pytest.param("Mon-Fri 9am-5pm", 3, "Mo-Fr 09:00-17:00", id="english"),
        pytest.param("9-18 Uhr", 1, "09:00-18:00", id="german-without-days"),
        pytest.param(
            "Mo\u2013Fr 9\u201318 Uhr, Sa 10\u201314 Uhr", 3, "Mo-Fr 09:00-18:00; Sa 10:00-14:00", id="dashes"
        ),
        pytest.param("mo-fr 9-5", 7, "Mo-Fr 09:00-17:00", id="nine-to-five"),
        pytest.param("Mo-Fr 09:00-18:00\nSa 10:00-12:00", 18, "Mo-Fr 09:00-18:00; Sa 10:00-12:00", id="two-lines"),
        pytest.param("Mo-Fr 09:00-18:00; Xx 9", 20, None, id="a-day-that-there-is-not"),
        pytest.param("Mo-Fr 25:00-26:00", 7, None, id="hours-that-there-are-not"),
        pytest.param("by appointment", 1, None, id="words"),
    ],
)
def test_a_text_that_is_no_hours_is_refused_with_position_and_suggestion(text, position, suggestion):
    with pytest.raises(HoursError) as refused:
        check(text)
    assert (refused.value.position, refused.value.suggestion) == (position, suggestion)
    assert suggestion is None or suggestion in refused.value.message


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        pytest.param("lun-vie 9h-18h", "Mo-Fr 09:00-18:00", id="spanish"),
        pytest.param("lun.-ven. 9h-12h et 14h-18h", "Mo-Fr 09:00-12:00,14:00-18:00", id="french"),
        pytest.param(
            "Montag bis Freitag 9.00 - 18.30 Uhr; Sonntag geschlossen", "Mo-Fr 09:00-18:30; Su off", id="german"
        ),
        pytest.param(
            "Monday to Friday: 9:00 AM - 5:30 PM, Saturday: 10am-noon", "Mo-Fr 09:00-17:30; Sa 10:00-12:00", id="colons"
        ),
        pytest.param(
            "Mon - Thu: 11:00-22:00 | Fri - Sat: 11:00-02:00", "Mo-Th 11:00-22:00; Fr-Sa 11:00-02:00", id="bars"
        ),
        pytest.param("Mon, Wed & Fri 9-5", "Mo,We,Fr 09:00-17:00", id="single-days"),
        pytest.param("daily 8am to midnight", "Mo-Su 08:00-24:00", id="daily"),
        pytest.param("open 24 hours", "24/7", id="always"),
        pytest.param("24x7", "24/7", id="always-in-signs"),
        pytest.param("call us, 555-0123", None, id="a-telephone-number"),
        pytest.param("x" * 5_000, None, id="long"),
    ],
)
def test_what_people_write_is_understood_as_a_suggestion(text, meant):
    assert suggest(text) == meant


def test_a_text_is_kept_as_it_was_written():
    assert check(" Mo-Fr 09:00-18:00 ; ") == "Mo-Fr 09:00-18:00"
    assert check("  ") == ""
    with pytest.raises(HoursError):
        check("Mo-Fr 09:00-18:00; " * 100)
    with pytest.raises(HoursError):
        check_special(special("2026-12-24", "ten to three"))
