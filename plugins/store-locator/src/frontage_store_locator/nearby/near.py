"""Ways over the spheroid between near points, from the straight lines between them.

An exact geodesic is a long sum. Over some kilometres the way is an arc as bent as the surface is half way along it:
what that leaves out grows with the fifth power of the length, and is a few hundredths of a micrometre at `NEAR_M`.
"""

from typing import Any

from pyproj import Geod

GEOD = Geod(ellps="WGS84")
A, B, E2 = GEOD.a, GEOD.b, GEOD.es
NEAR_M = 60_000.0
"""Up to this straight line a way counts as near; nearly everybody searches within 50 km."""

# The surface is where |x|²/a² + z²/b² = 1, and bends along a unit vector u at p by (u·Mu)/|Mp|, M its diagonal matrix.
_RISE = (A / B) ** 2 - 1
_MIDDLE = (A**4 / B**4 - A**2 / B**2) / 4
_NO_DIVISION_BY_ZERO = 1e-12

Array = Any
"""numpy's own generic says nothing that a reader needs."""


def near_ways(lines: Array, heights: Array, height: float) -> Array:
    """How long the ways are that belong to straight `lines`, from a point at z `height` to points at z `heights`."""
    squares = lines * lines
    rises, middles = heights - height, heights + height
    bends = squares + _RISE * (rises * rises)
    angles = bends * bends / ((squares + _NO_DIVISION_BY_ZERO) * (A**2 + _MIDDLE * (middles * middles)))
    return lines + lines * angles * (1 / 24 + angles * (3 / 640))
