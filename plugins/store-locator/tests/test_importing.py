"""Imports: every fault told by row and column, nothing written beside them, and what goes out comes back unchanged."""

import csv
import io
import json

import pytest
from openpyxl import Workbook

from frontage.plugin import parse_id
from frontage.testing.harness import Running
from frontage_store_locator.importing import jobs

from .shop import Shop

IMPORTS = "/locations/api/v1/imports"
EXPORT = "/locations/api/v1/export"


async def send(shop: Shop, data: bytes | str, **options: bool) -> dict:
    """Import a file and wait for the end."""
    headers = {"X-API-Key": await shop.key("secret", "locations:read", "locations:write")}
    body = data.encode() if isinstance(data, str) else data
    client = shop.running.client
    started = await client.post(IMPORTS, content=body, params=options, headers=headers)
    assert started.status_code == 202, started.text
    await jobs.finished(parse_id(started.json()["id"]))
    answer = await client.get(started.headers["location"], headers=headers)
    return answer.json()


async def fetch(shop: Shop, path: str, **query: str) -> bytes:
    headers = {"X-API-Key": await shop.key("secret", "locations:read", "locations:write")}
    answer = await shop.running.client.get(path, params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.content


async def listed(shop: Shop) -> list[dict]:
    return (await shop.call("GET", params={"page_size": 100})).json()["data"]


def counts(job: dict) -> tuple[int, int, int, int]:
    outcome = job["outcome"]
    return outcome["created"], outcome["updated"], outcome["unchanged"], outcome["removed"]


THREE = """external_id,name,city,region,country,lat,lon,phone,hours,tags
a1,Loop,Chicago,IL,US,41.88,-87.63,+1 312 555 0100,Mo-Fr 09:00-18:00,coffee; parking
a2,"Quay, West",New York,NY,US,40.75,-74.01,,24/7,
a3,Bay,San Francisco,CA,US,37.79,-122.39,,,coffee
"""


async def test_a_file_is_imported_and_its_places_are_found(acme: Shop):
    job = await send(acme, THREE)
    assert (job["state"], counts(job), job["outcome"]["errors"]) == ("done", (3, 0, 0, 0), 0)
    assert await acme.names_near(41.88, -87.63) == ["Loop"]
    loop = next(one for one in await listed(acme) if one["external_id"] == "a1")
    assert (loop["phone"], loop["tags"], loop["time_zone"]) == (
        "+13125550100",
        ["coffee", "parking"],
        "America/Chicago",
    )


async def test_importing_twice_changes_nothing_and_a_changed_cell_one_place(acme: Shop):
    await send(acme, THREE)
    assert counts(await send(acme, THREE)) == (0, 0, 3, 0)
    assert counts(await send(acme, THREE.replace("Bay", "Bayside"))) == (0, 1, 2, 0)


async def test_a_column_that_is_absent_is_left_alone_and_an_empty_cell_empties(acme: Shop):
    await send(acme, THREE)
    await send(acme, "external_id,hours,tags\na1,,\na3,Mo-Su 10:00-12:00,\n")
    by_id = {one["external_id"]: one for one in await listed(acme)}
    assert (by_id["a1"]["name"], by_id["a1"]["hours"], by_id["a1"]["tags"]) == ("Loop", "", [])
    assert (by_id["a3"]["hours"], by_id["a3"]["lat"]) == ("Mo-Su 10:00-12:00", 37.79)


async def test_any_error_imports_nothing_unless_the_rest_is_asked_for(acme: Shop):
    broken = THREE.replace("Mo-Fr 09:00-18:00", "Mon-Fri 9am-5pm").replace("37.79", "north")
    job = await send(acme, broken)
    assert (job["state"], job["outcome"]["written"]) == ("refused", False)
    assert await listed(acme) == []
    told = {(one["row"], one["column"]): one["message"] for one in job["faults"] if one["severity"] == "error"}
    assert set(told) == {(2, "hours"), (4, "lat")}
    assert "Mo-Fr 09:00-17:00" in told[2, "hours"]
    job = await send(acme, broken, skip_invalid=True)
    assert (job["state"], counts(job), job["outcome"]["skipped"]) == ("done", (1, 0, 0, 0), 2)


async def test_a_dry_run_tells_everything_and_writes_nothing(acme: Shop):
    job = await send(acme, THREE, dry_run=True)
    assert (counts(job), job["outcome"]["written"]) == ((3, 0, 0, 0), False)
    assert await listed(acme) == []


async def test_a_full_sync_removes_what_is_gone_but_stops_when_too_much_would_go(acme: Shop):
    rows = [f"p{number},Place {number},{40 + number / 10},-100" for number in range(10)]
    head = "external_id,name,lat,lon"
    await send(acme, "\n".join([head, *rows]))
    job = await send(acme, "\n".join([head, *rows[:7]]), full_sync=True)
    assert (job["state"], job["outcome"]["removed"]) == ("refused", 3)
    assert "3 of 10 places would vanish" in job["outcome"]["message"]
    assert len(await listed(acme)) == 10
    job = await send(acme, "\n".join([head, *rows[:8]]), full_sync=True)
    assert (job["state"], counts(job)) == ("done", (0, 0, 8, 2))
    assert len(await listed(acme)) == 8
    job = await send(acme, "\n".join([head, rows[0]]), full_sync=True, allow_removal=True)
    assert counts(job) == (0, 0, 1, 7)
    assert await acme.names_near(40, -100, radius=500) == ["Place 0"]


async def test_a_broken_row_does_not_remove_its_place(acme: Shop):
    await send(acme, THREE)
    job = await send(acme, THREE.replace("37.79", "north"), full_sync=True, skip_invalid=True)
    assert counts(job) == (0, 0, 2, 0)


async def test_places_that_are_perhaps_the_same_are_warned_of(acme: Shop):
    job = await send(acme, THREE + "b1,LOOP,Chicago,IL,US,41.8805,-87.6301,,,\n")
    warned = [(one["row"], one["message"]) for one in job["faults"]]
    assert warned == [(5, "Perhaps the same as row 2: one name, less than 150 m apart.")]
    again = await send(acme, "external_id,name,lat,lon\nc1,Bay,37.7901,-122.3901\n")
    assert "stored" in again["faults"][0]["message"]


@pytest.mark.parametrize("format_", ["csv", "geojson"])
async def test_what_is_exported_comes_back_and_changes_nothing(acme: Shop, bolt: Shop, format_: str):
    """Formulas, accents, quotes, line breaks, tags with semicolons, special days: all of it comes back as it was."""
    await acme.add(
        external_id="x1", name="=HYPERLINK(1)", address="'+Main \"St\"", city="Zürich", country="CH", lat=47.37, lon=8.54,
        phone="+41 44 555 01 00", description="two\nlines", tags=["a;b", "c"], custom={"floor": 2, "lift": True, "s": "x"},
        special_days=[{"date": "2026-12-24", "hours": "10:00-12:00", "note": "Eve"}, {"date": "2026-12-25"}],
        status="closed", closed_until="2027-01-01", priority=-3, hours="Mo-Fr 09:00-12:00,13:00-18:00", email="a@b.ch",
        website="https://b.ch/?a=1", photo_url="https://b.ch/p.jpg", precision="city",
    )  # fmt: skip
    await acme.add(name="Without an id", lat=-12.5, lon=-0.25)
    await acme.add(name="Without an id", lat=12.5, lon=179.9999999)
    out = await fetch(acme, EXPORT, format=format_)
    job = await send(acme, out, full_sync=True)
    assert (counts(job), job["outcome"]["errors"]) == ((0, 0, 3, 0), 0), job
    await send(bolt, out)
    inner = {"id", "version", "created_at", "updated_at"}
    assert [{**one, **dict.fromkeys(inner)} for one in await listed(bolt)] == [
        {**one, **dict.fromkeys(inner)} for one in await listed(acme)
    ]


NASTY = [
    *(
        "=1+1",
        "'=1+1",
        "''=1",
        "+1",
        "-1",
        "@x",
        "\uff1d1",
        "'",
        "''",
        "'a",
        '"',
        '""',
        ',"',
        "a,b",
        ";",
        "|;,\t|",
        "sep=;",
    ),
    *(
        "two\nlines",
        "two\r\nlines",
        "a\rb",
        "\ta\t",
        "\x07bell\x7f",
        "\x0b\x1f",
        "a\u2028b\x85c",
        "\xa0space\xa0",
        "\ufeffmark",
    ),
    *(
        "[1]",
        '["a"]',
        "{}",
        "null",
        "true",
        "0",
        "007",
        "1e5",
        "NaN",
        "é",
        "e\u0301",
        "\U0001f3ea",
        "\u202eright",
        "#",
        "\\n",
        "%s",
    ),
]
"""Texts that a file format, a spreadsheet or a reader of cells could take for something else."""


def nasty_places() -> list[dict]:
    lines = ("name", "address", "address2", "city", "region", "postal_code", "description")
    places = []
    for number, text in enumerate(NASTY):
        small = (number + 1) * 10.0 ** -(number % 7)
        places.append({
            "external_id": f"{text}{number}", **dict.fromkeys(lines, text), "name": text or "x", "address": f"{text} 1",
            "tags": [tag for tag in (text.replace(",", "."), "b") if tag.strip()], "custom": {"a": text, "n": small, "yes": True},
            "special_days": [{"date": "2026-12-24", "hours": "10:00-12:00", "note": text}], "lat": small, "lon": -small,
            "website": "https://x.example/?q=%3D1,;|'", "priority": -number,
        })  # fmt: skip
    return places


@pytest.mark.parametrize("format_", ["csv", "geojson"])
async def test_no_text_is_changed_by_an_export_and_its_import(acme: Shop, format_: str):
    """Whatever looks like a formula, a delimiter, a quote, JSON, a number or a line's end."""
    sent = nasty_places()
    answer = await acme.call("POST", "/bulk", json={"locations": sent})
    assert (answer.status_code, answer.json().get("created")) == (200, len(sent)), answer.text
    job = await send(acme, await fetch(acme, EXPORT, format=format_), full_sync=True)
    errors = [fault for fault in job["faults"] if fault["severity"] == "error"]
    assert (counts(job), errors) == ((0, 0, len(sent), 0), [])


async def test_no_cell_of_an_export_is_a_formula(acme: Shop):
    for number, name in enumerate(["=1+1", "+1", "-1", "@x", "\uff1d1", "'=1"]):
        await acme.add(name=name, lat=1 + number, lon=-2)
    rows = list(csv.DictReader(io.StringIO((await fetch(acme, EXPORT)).decode("utf-8-sig"))))
    assert [row["name"] for row in rows] == ["'=1+1", "'+1", "'-1", "'@x", "'\uff1d1", "''=1"]
    assert {row["lon"] for row in rows} == {"-2.0"}


async def test_everything_wrong_can_be_downloaded(acme: Shop):
    job = await send(acme, "name,lat,lon,website\n,39,-98,\nA,91,2,javascript:alert(1)\n")
    lines = list(csv.reader(io.StringIO((await fetch(acme, job["errors_url"])).decode())))
    assert lines[0] == ["row", "column", "severity", "message"]
    assert [line[:3] for line in lines[1:]] == [
        ["2", "name", "error"],
        ["3", "website", "error"],
        ["3", "lat", "error"],
    ]


async def test_an_import_is_nobody_elses(acme: Shop, bolt: Shop):
    job = await send(acme, THREE)
    for path in (f"{IMPORTS}/{job['id']}", job["errors_url"]):
        headers = {"X-API-Key": await bolt.key("secret", "locations:read", "locations:write")}
        assert (await bolt.running.client.get(path, headers=headers)).status_code == 404


def book(*rows: tuple) -> bytes:
    workbook, buffer = Workbook(), io.BytesIO()
    for row in rows:
        workbook.active.append(row)
    workbook.save(buffer)
    return buffer.getvalue()


PLACE = {"type": "Feature", "id": "g1", "geometry": {"type": "Point", "coordinates": [13.4, 52.5]}}
SPIDER = {
    "@spider": "kiosk", "ref": "77", "brand": "Kiosk", "branch": "Mitte", "addr:street_address": "Allee 1",
    "addr:city": "Berlin", "addr:postcode": "10115", "addr:country": "DE", "phone": "030 123456;030 9",
    "opening_hours": "Mo-Fr 09:00-18:00", "website": "https://kiosk.example",
}  # fmt: skip


@pytest.mark.parametrize(
    ("data", "format_"),
    [
        pytest.param("name;lat;lon\nShop;52,5;13,4\n", "csv", id="semicolons-and-decimal-commas"),
        pytest.param("name\tlat\tlon\nShop\t52.5\t13.4\n", "csv", id="tabs"),
        pytest.param("name|lat|lon\nShop|52.5|13.4\n", "csv", id="bars"),
        pytest.param("sep=;\nname;lat;lon\nShop;52.5;13.4\n", "csv", id="a-line-for-excel"),
        pytest.param("\ufeffname,lat,lon\r\n\r\nShop,52.5,13.4\r\n", "csv", id="byte-order-mark-and-empty-line"),
        pytest.param("name,lat,lon\nShop,52.5,13.4\n".encode("utf-16"), "csv", id="utf-16"),
        pytest.param("Filialname;Breitengrad;Längengrad\nShop;52,5;13,4\n", "csv", id="german-headers"),
        pytest.param("Filiale;Breite;Länge\nShop;52,5;13,4\n".encode("cp1252"), "csv", id="windows-1252"),
        pytest.param("Nom,Latitude,Longitude\nShop,52.5,13.4\n", "csv", id="french-headers"),
        pytest.param("Nombre,Latitud,Longitud\nShop,52.5,13.4\n", "csv", id="spanish-headers"),
        pytest.param("Store Name,Lat.,Lng\nShop,52.5,13.4\n", "csv", id="english-synonyms"),
        pytest.param('name,coordinates\nShop,"52.5, 13.4"\n', "csv", id="one-column-of-coordinates"),
        pytest.param("name,lat,lon\nShop,52.5° N,13.4° E\n", "csv", id="letters-of-the-compass"),
        pytest.param(book(("name", "lat", "lon", None), ("Shop", 52.5, 13.4)), "xlsx", id="xlsx"),
        pytest.param(json.dumps({"features": [{**PLACE, "properties": {"name": "Shop"}}]}), "geojson", id="geojson"),
        pytest.param(json.dumps({"features": [{**PLACE, "properties": SPIDER}]}), "alltheplaces", id="alltheplaces"),
    ],
)
async def test_many_kinds_of_files_are_read(sqlite_url: str, acme_on_sqlite: Shop, data: bytes | str, format_: str):
    job = await send(acme_on_sqlite, data)
    assert (job["state"], counts(job), job["outcome"]["format"]) == ("done", (1, 0, 0, 0), format_), job
    place = (await listed(acme_on_sqlite))[0]
    assert (place["lat"], place["lon"]) == (52.5, 13.4)
    if format_ == "alltheplaces":
        members = ("external_id", "name", "address", "postal_code", "phone", "hours")
        assert [place[name] for name in members] == [
            "kiosk:77", "Kiosk Mitte", "Allee 1", "10115", "+4930123456", "Mo-Fr 09:00-18:00",
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(b"\xd0\xcf\x11\xe0old", "old Excel", id="xls"),
        pytest.param(b"%PDF-1.7", "neither CSV", id="pdf"),
        pytest.param(b"PK\x03\x04broken", "damaged", id="broken-xlsx"),
        pytest.param(b"{not json", "cannot be read", id="broken-json"),
        pytest.param(b'{"type": "Feature"}', "FeatureCollection", id="one-feature"),
        pytest.param(b"foo,bar\n1,2\n", "names no column", id="no-known-column"),
        pytest.param(b"\x00\x01\x02\x03", "no text file", id="binary"),
        pytest.param(b'name,lat\n"' + b"x" * 200_000, "never closed", id="an-endless-cell"),
        pytest.param(b"[" * 100_000, "cannot be read", id="deep-json"),
    ],
)
async def test_a_file_that_cannot_be_read_says_why(acme_on_sqlite: Shop, data: bytes, words: str):
    job = await send(acme_on_sqlite, data, skip_invalid=True)
    assert job["state"] == "refused"
    assert words in job["outcome"]["message"]


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        pytest.param("A,0,0,,,,", "lat", "0,0", id="the-sea-at-zero"),
        pytest.param("A,-87.6,41.9,US,,,", "lat", "swapped", id="swapped"),
        pytest.param("A,91,100,,,,", "lat", "90", id="beyond-the-pole"),
        pytest.param("A,1,,,,,", "lon", "together", id="half-a-position"),
        pytest.param("A,1,2,Atlantis,,,", "country", "ISO 3166", id="no-country"),
        pytest.param("A,1,2,,call us,,", "phone", "phone", id="no-number"),
        pytest.param("A,1,2,,,ftp://x,", "website", "http", id="no-website"),
        pytest.param("A,1,2,,,,whenever", "hours", "character 1", id="no-hours"),
        pytest.param("A,,,,,,", "lat", "gazetteer", id="nowhere"),
        pytest.param(f"{'A' * 201},1,2,,,,", "name", "200", id="too-long"),
        pytest.param("A,1,2,,,,,,,x", "row", "cells", id="more-cells-than-headers"),
    ],
)
async def test_every_wrong_cell_is_told_by_its_column(acme_on_sqlite: Shop, row: str, column: str, words: str):
    job = await send(acme_on_sqlite, f"name,lat,lon,country,phone,website,hours\nB,1,2,,,,\n{row}\n")
    errors = [one for one in job["faults"] if one["severity"] == "error"]
    assert [(one["row"], one["column"]) for one in errors] == [(3, column)], job
    assert words in errors[0]["message"]


@pytest.fixture
async def acme_on_sqlite(sqlite_url, tmp_path):
    """What does not touch the database's own ways is tried on one of them."""
    from frontage.testing.harness import running, settings_for

    from .shop import TENANTS

    async with running(settings_for(sqlite_url, tmp_path), TENANTS) as started:
        yield Shop(started, "acme")


async def test_28000_rows_of_which_one_in_a_hundred_is_broken_report_exactly_those(platform: Running, acme: Shop):
    broken = set(range(50, 28_000, 100))
    lines = ["external_id,name,lat,lon,country,phone,hours"]
    for number in range(28_000):
        lat = "91" if number in broken else f"{30 + number % 150 / 10}"
        lines.append(
            f"s{number},Store {number},{lat},{-80 - number % 170 / 10},US,+1312555{number % 10_000:04},Mo-Fr 09:00-18:00"
        )
    job = await send(acme, "\n".join(lines))
    assert (job["outcome"]["rows"], job["outcome"]["errors"], job["outcome"]["written"]) == (28_000, 280, False)
    report = list(csv.reader(io.StringIO((await fetch(acme, job["errors_url"])).decode())))[1:]
    assert {int(line[0]) - 2 for line in report if line[2] == "error"} == broken
    job = await send(acme, "\n".join(lines), skip_invalid=True)
    assert counts(job) == (28_000 - 280, 0, 0, 0)
