"""What words mean: the traps of geocoding as a table, the shop's own places first, a gazetteer that is loaded."""

from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from frontage.testing.harness import Running, running, settings_for
from frontage_store_locator.words.folding import keys_of, postcode_key, tokens_of
from frontage_store_locator.words.loading import Entry, PostalFileError, city_entries, load, postal_entries
from frontage_store_locator.words.own import Named, OwnWords, centre
from frontage_store_locator.words.regions import name_of_region, regions_of
from frontage_store_locator.words.resolving import Query, coordinates_in, resolve
from frontage_store_locator.words.spots import Bias, Hit, Spot
from frontage_store_locator.words.suggesting import corrected, slips

from .shop import PUBLIC, TENANTS, Shop

GEOCODE = "/locations/api/v1/public/geocode"


def city(name, country, code, lat, lon, people, *others):
    known, region_name = regions_of(country).get(code, ("", ""))
    spot = Spot("city", name, lat, lon, "geonames", country, region_name, known, weight=people)
    return [Hit(key, spot) for key in keys_of(name)] + [Hit(key, spot, False) for one in others for key in keys_of(one)]


def region(name, country, code, lat, lon, people):
    spot = Spot("region", name, lat, lon, "geonames", country, "", code, weight=people)
    return [*(Hit(key, spot) for key in keys_of(name)), Hit(code.lower(), spot, False)]


def postcode(code, place, country, region_code, lat, lon):
    region_name = name_of_region(country, region_code)
    spot = Spot("postcode", code, lat, lon, "geonames", country, region_name, region_code, place)
    return [Hit(postcode_key(code), spot)]


WORLD = [
    *city("Berlin", "DE", "16", 52.52, 13.41, 3_426_354, "Berlino"),
    *city("Berlin", "US", "NH", 44.47, -71.18, 9_367),
    *city("Paris", "FR", "11", 48.85, 2.35, 2_138_551),
    *city("Paris", "US", "TX", 33.66, -95.56, 24_839),
    *city("Munich", "DE", "02", 48.14, 11.58, 1_260_391, "München", "Monaco"),
    *city("Tokyo", "JP", "40", 35.69, 139.69, 8_336_599, "東京"),
    *city("New York City", "US", "NY", 40.71, -74.01, 8_804_190, "NYC", "New York"),
    *city("St. Louis", "US", "MO", 38.63, -90.2, 301_578),
    *city("London", "GB", "ENG", 51.51, -0.13, 8_961_989),
    *city("London", "CA", "08", 42.98, -81.23, 422_324),
    *city("Springfield", "US", "MO", 37.22, -93.3, 166_810),
    *city("Springfield", "US", "MA", 42.1, -72.59, 154_341),
    *city("Springfield", "US", "IL", 39.8, -89.64, 116_565),
    *city("Springfield", "US", "OR", 44.05, -123.02, 60_870),
    *city("Springfield", "US", "OH", 39.92, -83.81, 59_680),
    *city("Springfield", "US", "TN", 36.51, -86.88, 16_700),
    *city("Springfield", "US", "VA", 38.79, -77.19, 30_484),
    *region("Illinois", "US", "IL", 41.0, -88.0, 12_000_000),
    *region("Florida", "US", "FL", 27.8, -81.7, 21_000_000),
    *postcode("10115", "New York", "US", "NY", 40.81, -73.96),
    *postcode("62701", "Springfield", "US", "IL", 39.8, -89.65),
    *postcode("SW1A", "London", "GB", "ENG", 51.5, -0.13),
]
EVERYWHERE = Bias()
AMERICA = Bias(frozenset({"US"}), ((40.0, -90.0),))
GERMANY = Bias(frozenset({"DE"}), ((50.0, 10.0),))
HONDURAS = Bias(frozenset({"HN"}), ((14.0, -87.0),))


@pytest.mark.parametrize(
    ("text", "bias", "label"),
    [
        pytest.param("10115 Berlin", EVERYWHERE, "Berlin, Germany", id="a-zip-of-new-york-is-no-berlin"),
        pytest.param("10115 Berlin", GERMANY, "Berlin, Germany", id="nor-for-germans"),
        pytest.param("10115, Berlin", EVERYWHERE, "Berlin, Germany", id="nor-between-commas"),
        pytest.param("10115", GERMANY, None, id="a-foreign-postcode-alone-is-not-believed"),
        pytest.param("10115", AMERICA, "10115, New York, United States of America", id="at-home-it-is"),
        pytest.param("10115 New York", GERMANY, "10115, New York, United States of America", id="agreed-it-is"),
        pytest.param("62701", AMERICA, "62701, Springfield, Illinois, United States of America", id="zip"),
        pytest.param(
            "62701-1234", AMERICA, "62701, Springfield, Illinois, United States of America", id="zip-and-four"
        ),
        pytest.param(
            "springfield, il 62701", EVERYWHERE, "62701, Springfield, Illinois, United States of America", id="all"
        ),
        pytest.param("Springfield IL", EVERYWHERE, "Springfield, Illinois, United States of America", id="state-code"),
        pytest.param("Springfield, Illinois", GERMANY, "Springfield, Illinois, United States of America", id="state"),
        pytest.param("Springfield, IL, USA", GERMANY, "Springfield, Illinois, United States of America", id="country"),
        pytest.param(
            "123 Main St, Springfield, IL", EVERYWHERE, "Springfield, Illinois, United States of America", id="street"
        ),
        pytest.param("Paris", EVERYWHERE, "Paris, France", id="the-large-one"),
        pytest.param("Paris", AMERICA, "Paris, Texas, United States of America", id="the-one-at-home"),
        pytest.param("Paris, TX", EVERYWHERE, "Paris, Texas, United States of America", id="the-one-that-is-named"),
        pytest.param("Paris, France", AMERICA, "Paris, France", id="the-other-that-is-named"),
        pytest.param("MÜNCHEN", EVERYWHERE, "Munich, Germany", id="umlaut"),
        pytest.param("Muenchen", EVERYWHERE, "Munich, Germany", id="umlaut-spelled-out"),
        pytest.param("Munchen", EVERYWHERE, "Munich, Germany", id="umlaut-left-out"),
        pytest.param("東京", EVERYWHERE, "Tokyo, Japan", id="another-script"),
        pytest.param("St. Louis MO", EVERYWHERE, "St. Louis, Missouri, United States of America", id="a-full-stop"),
        pytest.param("saint louis", EVERYWHERE, "St. Louis, Missouri, United States of America", id="saint"),
        pytest.param("nyc", EVERYWHERE, "New York City, New York, United States of America", id="a-short-name"),
        pytest.param(
            "SW1A 1AA",
            EVERYWHERE,
            "SW1A, London, England, United Kingdom of Great Britain and Northern Ireland",
            id="half-a-british-postcode",
        ),
        pytest.param(
            "sw1a1aa",
            EVERYWHERE,
            "SW1A, London, England, United Kingdom of Great Britain and Northern Ireland",
            id="without-its-gap",
        ),
        pytest.param("London, Ontario", EVERYWHERE, "London, Ontario, Canada", id="canada"),
        pytest.param(
            "London",
            HONDURAS,
            "London, England, United Kingdom of Great Britain and Northern Ireland",
            id="far-away-the-large-one",
        ),
        pytest.param("Berlin, Deutschland", AMERICA, "Berlin, Germany", id="a-country-in-its-own-language"),
        pytest.param("Germany Berlin", AMERICA, "Berlin, Germany", id="the-wrong-way-round"),
        pytest.param("Florida", AMERICA, "Florida, United States of America", id="a-state"),
        pytest.param("happy berlin", EVERYWHERE, None, id="words-that-nothing-explains"),
        pytest.param("xyzzy", EVERYWHERE, None, id="nothing"),
        pytest.param("", EVERYWHERE, None, id="empty"),
        pytest.param(",,, !!! ,", EVERYWHERE, None, id="signs"),
        pytest.param("a " * 5_000, EVERYWHERE, None, id="many-words"),
    ],
)
def test_words_mean_what_people_mean(text, bias, label):
    query = Query.read(text)
    keys = query.keys
    found = resolve(query, [hit for hit in WORLD if hit.key in keys], bias)
    assert (found.match.label if found.match else None) == label


def test_namesakes_are_offered_up_to_five():
    query = Query.read("Springfield")
    found = resolve(query, [hit for hit in WORLD if hit.key in query.keys], EVERYWHERE)
    assert found.match.label == "Springfield, Missouri, United States of America"
    assert [one.region_code for one in found.candidates] == ["MA", "IL", "OR", "OH", "VA"]


def test_the_nearer_namesake_wins_over_a_larger_one():
    query = Query.read("Springfield")
    hits = [hit for hit in WORLD if hit.key in query.keys]
    assert resolve(query, hits, Bias(frozenset({"US"}), ((44.0, -123.0),))).match.region_code == "OR"


def test_what_is_not_believed_is_still_offered():
    query = Query.read("10115")
    found = resolve(query, [hit for hit in WORLD if hit.key in query.keys], GERMANY)
    assert [one.label for one in found.candidates] == ["10115, New York, United States of America"]


@pytest.mark.parametrize(
    ("text", "point"),
    [
        pytest.param("52.52, 13.405", (52.52, 13.405), id="comma"),
        pytest.param("52.52 13.405", (52.52, 13.405), id="space"),
        pytest.param("(-33.9; 151.2)", (-33.9, 151.2), id="brackets"),
        pytest.param("52,13", (52, 13), id="whole-degrees"),
        pytest.param("10115 20", None, id="a-postcode-and-a-number"),
        pytest.param("91, 0", None, id="beyond-the-pole"),
        pytest.param("1, 181", None, id="beyond-the-date-line"),
        pytest.param("1,2,3", None, id="three"),
    ],
)
def test_coordinates_are_read(text, point):
    found = coordinates_in(text)
    assert ((found.lat, found.lon) if found else None) == point


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        pytest.param("L'Haÿ-les-Roses", ["lhay", "les", "roses"], id="apostrophe-and-hyphens"),
        pytest.param("\uff33\uff37\uff11\uff21", ["sw1a"], id="full-width"),
        pytest.param("Straße", ["strasse"], id="sharp-s"),
        pytest.param("København", ["kobenhavn"], id="slashed-o"),
    ],
)
def test_words_are_compared_without_what_people_leave_out(text, tokens):
    assert tokens_of(text) == tokens


def named(number, **words):
    members = {
        "external_id": f"s{number}",
        "name": f"Shop {number}",
        "city": "",
        "region": "",
        "postal_code": "",
        "country": "US",
    }
    return Named(UUID(int=number), **{**members, "lat": 0.0, "lon": 0.0, **words})


OWN = OwnWords(
    [
        named(1, name="Harbour", city="Tampa", region="FL", postal_code="33601", lat=27.95, lon=-82.46),
        named(2, city="Miami", region="Florida", postal_code="33101", lat=25.77, lon=-80.19),
        named(3, city="Springfield", region="IL", postal_code="62701", lat=39.8, lon=-89.65),
        named(4, city="Springfield", region="MA", lat=42.1, lon=-72.59),
        named(5, city="Suva", country="FJ", lat=-18.1, lon=178.4),
        named(6, city="Taveuni", country="FJ", lat=-16.8, lon=-179.97),
    ]
)


@pytest.mark.parametrize(
    ("text", "kind", "places"),
    [
        pytest.param("harbour", "place", [1], id="name"),
        pytest.param("S2", "place", [2], id="external-id"),
        pytest.param("33101", "postcode", [2], id="postcode"),
        pytest.param("33101 Miami", "postcode", [2], id="postcode-and-city"),
        pytest.param("tampa", "city", [1], id="city"),
        pytest.param("Springfield, Massachusetts", "city", [4], id="city-and-state"),
        pytest.param("Florida", "region", [1, 2], id="a-state-by-its-name-whatever-the-places-say"),
        pytest.param("FL", "region", [1, 2], id="a-state-by-its-code"),
        pytest.param("United States", "country", [1, 2, 3, 4], id="country"),
        pytest.param("Fiji", "country", [5, 6], id="a-country-across-the-date-line"),
        pytest.param("Atlanta", None, [], id="where-the-shop-has-nothing"),
    ],
)
def test_the_shops_own_words_lead_to_its_places(text, kind, places):
    query = Query.read(text)
    found = resolve(query, OWN.hits(query.keys), OWN.bias)
    assert (found.match.kind if found.match else None) == kind
    assert [one.int for one in found.match.places] == places if found.match else not places


def test_the_middle_of_points_holds_across_the_date_line():
    lat, lon = centre([(-18.0, 178.0), (-18.0, -178.0)])
    assert (round(lat), abs(round(lon))) == (-18, 180)


POSTAL = (
    "DE\t10115\tBerlin\tBerlin\tBE\t\t00\tBerlin\t11000\t52.5323\t13.3846\t4\n"
    "DE\t20095\tHamburg\tHamburg\tHH\t\t00\tHamburg\t02000\t53.5533\t9.9925\t4\n"
    "DE\t20095\tHamburg Klostertor\tHamburg\tHH\t\t00\tHamburg\t02000\t53.5433\t10.0225\t4\n"
)


async def fill(platform: Running, tmp_path: Path) -> None:
    """Load two cities and a postal file."""
    context = platform.platform.services
    file = tmp_path / "DE.txt"
    file.write_text(POSTAL)
    source, entries = postal_entries(file)
    hits = [
        *city("Berlin", "DE", "16", 52.52, 13.41, 3_426_354),
        *city("Springfield", "US", "IL", 39.8, -89.64, 116_565),
    ]
    made = [
        Entry(
            {
                "id": number, "kind": hit.spot.kind, "name": hit.spot.name, "country": hit.spot.country, "city": "",
                "region": hit.spot.region, "region_code": hit.spot.region_code, "lat": hit.spot.lat, "lon": hit.spot.lon,
                "population": hit.spot.weight,
            },
            {hit.key},
        )
        for number, hit in enumerate(hits, start=1)
    ]  # fmt: skip
    for _ in range(2):  # the second load takes the place of the first
        assert await load(context, source, entries, lambda _: None) == 4
        assert await load(context, "cities", made, lambda _: None) == 2


async def ask(shop: Shop, q: str, **query) -> dict:
    headers = {"X-API-Key": await shop.key("publishable")}
    answer = await shop.running.client.get(GEOCODE, params={"q": q, **query}, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_pages_are_told_where_words_lead(platform: Running, acme: Shop, tmp_path: Path):
    """The shop's own place first, then coordinates, then the gazetteer with its attribution; an own change counts at once."""
    await fill(platform, tmp_path)
    found = await ask(acme, "Springfield IL")
    assert (found["match"]["source"], found["match"]["precision"]) == ("geonames", "city")
    assert "GeoNames" in found["attribution"]
    place = await acme.add(name="Corner", city="Springfield", region="IL", country="US", lat=39.81, lon=-89.6)
    own = await ask(acme, "Springfield IL")
    assert (own["match"]["source"], own["match"]["locations"], own["match"]["lat"]) == ("places", 1, 39.81)
    assert own["attribution"] == ""
    assert (await ask(acme, "corner"))["match"]["precision"] == "exact"
    await acme.call("DELETE", f"/{place['id']}")
    assert (await ask(acme, "corner"))["match"] is None
    assert (await ask(acme, "52.5, 13.4"))["match"]["kind"] == "coordinates"
    berlin = await ask(acme, "10115 Berlin")
    assert (berlin["match"]["kind"], berlin["match"]["label"]) == ("postcode", "10115, Berlin, Germany")


async def test_one_shops_words_are_not_anothers(acme: Shop, bolt: Shop):
    await acme.add(name="Secret place", lat=1.5, lon=103.5)
    assert (await ask(bolt, "secret place")) == {"match": None, "candidates": [], "attribution": ""}


async def test_a_place_without_a_position_gets_that_of_its_address_at_import(
    platform: Running, acme: Shop, tmp_path: Path
):
    """Its precision says so, a warning too; a position put right by hand is not undone by the next import."""
    from .test_importing import listed, send

    await fill(platform, tmp_path)
    file = "external_id,name,city,postal_code,country\nb1,Mitte,Berlin,10115,DE\nb2,Nowhere,Atlantis,,DE\n"
    job = await send(acme, file, skip_invalid=True)
    assert [(one["row"], one["column"], one["severity"]) for one in job["faults"]] == [
        (2, "lat", "warning"),
        (3, "lat", "error"),
    ]
    place = (await listed(acme))[0]
    assert (place["lat"], place["precision"], place["time_zone"]) == (52.5323, "postcode", "Europe/Berlin")
    await acme.call("PATCH", f"/{place['id']}", json={"lat": 52.54, "lon": 13.39})
    await send(acme, file.replace("Mitte", "Mitte 2"), skip_invalid=True)
    place = (await listed(acme))[0]
    assert (place["name"], place["lat"], place["precision"]) == ("Mitte 2", 52.54, "exact")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        pytest.param({}, "q", id="none"),
        pytest.param({"q": "x" * 201}, "q", id="too-long"),
        pytest.param({"q": "x", "lat": "91"}, "lat", id="beyond-the-pole"),
    ],
)
async def test_a_wrong_question_is_told_by_its_parameter(acme: Shop, query: dict, field: str):
    headers = {"X-API-Key": await acme.key("publishable")}
    answer = await acme.running.client.get(GEOCODE, params=query, headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


def test_a_file_that_is_none_of_geonames_is_refused_with_its_line(tmp_path: Path):
    (tmp_path / "x.txt").write_text(POSTAL + "some,csv\n")
    with pytest.raises(PostalFileError, match="Line 4"):
        postal_entries(tmp_path / "x.txt")


def test_the_package_has_the_cities_that_people_ask_for():
    entries = city_entries(15_000)
    by_key = {key: entry for entry in entries for key in entry.primary}
    assert {"springfield", "illinois", "germany", "reykjavik"} <= by_key.keys()
    assert all(-90 <= entry.values["lat"] <= 90 for entry in entries)


@pytest.mark.parametrize(
    ("q", "names"),
    [
        pytest.param("Florida", ["Miami", "Tampa"], id="a-region-is-an-area-not-a-radius"),
        pytest.param("tampa", ["Tampa"], id="a-city-of-the-shop"),
        pytest.param("40.7, -74.0", ["New York"], id="coordinates"),
        pytest.param("Springfield, IL", ["Chicago"], id="the-gazetteer-as-a-centre"),
        pytest.param("xyzzy", [], id="nothing-known"),
    ],
)
async def test_a_search_goes_where_words_lead(platform: Running, acme: Shop, tmp_path: Path, q: str, names: list[str]):
    """From Miami: the shop's own areas whole, else around what was found; the answer says what was understood."""
    await fill(platform, tmp_path)
    for name, region, lat, lon in (("Tampa", "FL", 27.95, -82.46), ("Miami", "Florida", 25.77, -80.19)):
        await acme.add(name=name, city=name, region=region, country="US", lat=lat, lon=lon)
    await acme.add(name="New York", city="Brooklyn", region="NY", country="US", lat=40.71, lon=-74.0)
    await acme.add(name="Chicago", city="Chicago", region="Ill.", country="US", lat=41.88, lon=-87.63)
    answer = (await acme.search(25.77, -80.2, q=q, radius=300)).json()
    assert [one["name"] for one in answer["locations"]] == names
    assert (answer["found"]["match"] is not None) == bool(names)
    assert (answer.get("nearest") or {"name": None})["name"] == (None if names else "Miami")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        pytest.param("sprngfield", "springfield", id="a-letter-too-few"),
        pytest.param("sprinngfield", "springfield", id="a-letter-too-many"),
        pytest.param("sprinkfield", "springfield", id="a-wrong-letter"),
        pytest.param("springfeild", "springfield", id="two-exchanged"),
        pytest.param("newyork", "new york", id="a-space-forgotten"),
        pytest.param("spring field", "springfield", id="a-space-too-many"),
    ],
)
def test_a_slip_is_made_undone(typed, meant):
    assert meant in set(slips(typed))
    assert meant in corrected(Query.read(typed))


def test_what_may_have_been_meant_is_bounded():
    """However many words and commas there are; short words and numbers have no neighbours."""
    assert len(corrected(Query.read(",".join(["springfield"] * 12)))) <= 4_000
    assert corrected(Query.read("ayr, 10115")) == {}


async def test_pages_are_told_what_may_have_been_meant_or_is_being_typed(platform: Running, acme: Shop, tmp_path: Path):
    """As candidates that say why, the shop's own first; a slip or a beginning is never taken for the match."""
    await fill(platform, tmp_path)
    for typed, label, led_by in [
        ("Springfeild, IL", "Springfield, Illinois, United States of America", "spelling"),
        ("Springfeild", "Springfield, Illinois, United States of America", "spelling"),
        ("sprin", "Springfield, Illinois, United States of America", "beginning"),
        ("BERL", "Berlin, Germany", "beginning"),
    ]:
        told = await ask(acme, typed)
        assert told["match"] is None, typed
        assert (told["candidates"][0]["label"], told["candidates"][0]["led_by"]) == (label, led_by), typed
        assert "GeoNames" in told["attribution"]
    assert (await ask(acme, "100%"))["candidates"] == []
    assert (await ask(acme, "be_l"))["candidates"] == []
    await acme.add(name="Sprinkler world", lat=39.81, lon=-89.6)
    first, second = (await ask(acme, "sprin"))["candidates"]
    assert (first["label"], first["source"]) == ("Sprinkler world, United States of America", "places")
    assert second["source"] == "geonames"
    assert (await ask(acme, "Sprinkler wolrd"))["candidates"][0]["led_by"] == "spelling"
    headers = {"X-API-Key": await acme.key("publishable")}
    query = {"lat": 39.8, "lon": -89.6, "q": "Springfeild"}
    found = (await acme.running.client.get(PUBLIC, params=query, headers=headers)).json()["found"]
    assert (found["match"], found["candidates"][0]["led_by"]) == (None, "spelling")


async def test_a_beginning_is_found_by_an_index(postgres_url: str, tmp_path: Path):
    async with running(settings_for(postgres_url, tmp_path), TENANTS) as site:
        context = site.platform.router.state.contexts["store-locator"]
        entries = [
            Entry(city_values(number), {f"town {number}"}) for number in range(1, 5_000)
        ]  # fmt: skip
        assert await load(context, "cities", entries, lambda _: None) == len(entries)
        async with site.database.writing() as session:
            await session.execute(text("analyze store_locator_gazetteer_name"))
        async with site.database.reading() as session:
            plan = await session.execute(
                text("explain select * from store_locator_gazetteer_name where key like 'town 49%'")
            )
            told = "\n".join(plan.scalars())
            by = text("select indexdef from pg_indexes where indexname = 'ix_store_locator_gazetteer_name_key'")
            index = (await session.execute(by)).scalar_one()
    assert "Index Cond" in told, told
    assert "text_pattern_ops" in index  # another collation than that of tests would not find it otherwise


def city_values(number: int) -> dict:
    """The columns of a city that nobody knows."""
    texts = dict.fromkeys(("city", "region", "region_code"), "")
    words = {"kind": "city", "name": f"Town {number}", "country": "US", "population": number}
    return {"id": number, "lat": 1.0, "lon": 1.0, **texts, **words}
