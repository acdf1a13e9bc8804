"""Positions that cannot be right are refused, doubtful ones are warned of, all others pass."""

import airportsdata
import pytest

from frontage_store_locator.coordinates import ELSEWHERE, NOWHERE, SWAPPED, Verdict, judge, time_zone

VERDICTS = {
    "right": ((39.78, -89.65, "US"), Verdict()),
    "no country stated": ((39.78, -89.65, ""), Verdict()),
    "a country nobody knows": ((39.78, -89.65, "XX"), Verdict()),
    "the origin": ((0.0, 0.0, ""), Verdict(error=NOWHERE)),
    "almost the origin": ((0.0, 0.001, ""), Verdict()),
    "swapped, out of range": ((-98.65, 39.78, ""), Verdict(error=SWAPPED)),
    "swapped, within range": ((-89.65, 39.78, "US"), Verdict(error=SWAPPED)),
    "swapped in europe": ((13.405, 52.52, "DE"), Verdict(error=SWAPPED)),
    "another country": ((52.52, 13.405, "US"), Verdict(warning=ELSEWHERE)),
    "some kilometres off the coast": ((40.55, -73.5, "US"), Verdict()),
    "out at sea": ((40.0, -50.0, "US"), Verdict(warning=ELSEWHERE)),
    "a country that shares its zone": ((59.33, 18.07, "SE"), Verdict()),
    "the pole": ((90.0, 0.0, ""), Verdict()),
    "beyond the pole": ((91.0, 170.0, ""), Verdict(error="Expected a latitude from -90 to 90.")),
    "beyond the antimeridian": ((1.0, 180.1, ""), Verdict(error="Expected a longitude from -180 to 180.")),
    "no number": ((float("nan"), 1.0, ""), Verdict(error="Expected finite numbers.")),
    "endless": ((1.0, float("inf"), ""), Verdict(error="Expected finite numbers.")),
}


@pytest.mark.parametrize(("position", "verdict"), VERDICTS.values(), ids=VERDICTS)
def test_a_position_is_judged(position, verdict):
    assert judge(*position) == verdict


def test_real_places_are_seldom_doubted_and_hardly_ever_refused():
    """Of two thousand airports with their countries at most one in fifty is warned of, one in five hundred refused."""
    airports = sorted(airportsdata.load("ICAO").values(), key=lambda airport: airport["icao"])[::14]
    verdicts = [judge(airport["lat"], airport["lon"], airport["country"]) for airport in airports]
    assert len(airports) > 2000
    assert sum(verdict.error is not None for verdict in verdicts) <= len(airports) / 500
    assert sum(verdict.warning is not None for verdict in verdicts) <= len(airports) / 50


def test_a_position_has_a_time_zone():
    assert time_zone(39.78, -89.65) == "America/Chicago"
    assert time_zone(14.07, -87.19) == "America/Tegucigalpa"
