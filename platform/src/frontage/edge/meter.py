"""Counting requests: plain dictionaries on the way, Prometheus families when they are read."""

from bisect import bisect_left
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
Route = tuple[str, str, str]
"""Plugin, method and path template."""


class RequestMeter:
    """How many requests each route answered with which status, and how long they took."""

    def __init__(self) -> None:
        self._statuses: dict[tuple[Route, int], int] = {}
        self._buckets: dict[Route, list[int]] = {}
        self._seconds: dict[Route, float] = {}
        self._nearing: dict[str, int] = {}

    def count(self, route: Route, status: int, seconds: float) -> None:
        """Count one answered request."""
        key = (route, status)
        self._statuses[key] = self._statuses.get(key, 0) + 1
        buckets = self._buckets.get(route)
        if buckets is None:
            buckets = self._buckets[route] = [0] * (len(BOUNDS) + 1)
        buckets[bisect_left(BOUNDS, seconds)] += 1
        self._seconds[route] = self._seconds.get(route, 0.0) + seconds

    def count_nearing(self, policy: str) -> None:
        """Count that somebody has used four fifths of a day's quota."""
        self._nearing[policy] = self._nearing.get(policy, 0) + 1

    def collect(self) -> Iterator[Metric]:
        """The families, for a Prometheus registry."""
        requests = CounterMetricFamily(
            "frontage_requests", "Answered requests.", labels=["plugin", "method", "route", "status"]
        )
        for (route, status), number in self._statuses.items():
            requests.add_metric([*route, str(status)], number)
        yield requests
        seconds = HistogramMetricFamily(
            "frontage_request_seconds",
            "Time from the head of a request to its answer.",
            labels=["plugin", "method", "route"],
        )
        for route, buckets in self._buckets.items():
            seconds.add_metric(list(route), _cumulative(buckets), self._seconds[route])
        yield seconds
        nearing = CounterMetricFamily(
            "frontage_limit_nearing", "Day windows of which four fifths were used.", labels=["policy"]
        )
        for policy, number in self._nearing.items():
            nearing.add_metric([policy], number)
        yield nearing


def _cumulative(buckets: list[int]) -> list[tuple[str, float]]:
    total, rows = 0, []
    for bound, number in zip([*map(str, BOUNDS), "+Inf"], buckets, strict=True):
        total += number
        rows.append((bound, float(total)))
    return rows
