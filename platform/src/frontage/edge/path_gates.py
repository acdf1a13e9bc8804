"""Whose path it is that a request has, when the router knows the path but not the method."""

import re
from collections.abc import Iterable

from frontage.edge.gate import Gate
from frontage.edge.public_paths import pattern_of


class PathGates:
    """Finds the gate of a path by the templates of the routes, the one with the fewest parameters first.

    One look costs a match for each route; it is for refusals.
    """

    def __init__(self, gates: Iterable[tuple[str, Gate | None]]) -> None:
        known = sorted(gates, key=lambda one: (one[0].count("{"), one[0]))
        self._gates = [(re.compile(pattern_of(template)), gate) for template, gate in known]

    def find(self, path: str) -> Gate | None:
        """The gate of a route with this path, whatever its method; None where there is none."""
        path = path.rstrip("/") or "/"
        return next((gate for pattern, gate in self._gates if pattern.fullmatch(path)), None)
