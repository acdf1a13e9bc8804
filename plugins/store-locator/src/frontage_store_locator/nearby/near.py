"""Ways over the spheroid between near points, from the straight lines between them.

An exact geodesic is a long sum. Over some kilometres the way is an arc as bent as the surface is half way along it:
what that leaves out grows with the fifth power of the length, and is a few hundredths of a micrometre at `NEAR_M`.
"""

from typing import Any

import numpy as np
from pyproj import Geod

GEOD = Geod(ellps="WGS84")
A, B, E2 = GEOD.a, GEOD.b, GEOD.es
NEAR_M = 60_000.0
"""Up to this straight line a way counts as near; nearly everybody searches within 50 km."""

# The surface is where |x|²/a² + z²/b² = 1, and bends along a unit vector u at p by (u·Mu)/|Mp|, M its diagonal matrix.
_LENGTH_AND_BEND = np.array(((1.0, 1.0), (1.0, 1.0), (1.0, (A / B) ** 2)))
_MIDDLE = (A**4 / B**4 - A**2 / B**2) / 4
_NO_DIVISION_BY_ZERO = 1e-12

Array = Any
"""numpy's own generic says nothing that a reader needs."""


def near_ways(points: Array, here: Array) -> Array:
    """How long the ways are from `here` to each of `points`, all of them in space.

    The arrays are as short as an answer, so that every call costs more than what it calculates.
    """
    offsets = points - here
    offsets *= offsets
    both = offsets.dot(_LENGTH_AND_BEND)
    squares, bends = both[:, 0], both[:, 1]
    middles = points[:, 2] + here[2]
    middles *= middles
    middles *= _MIDDLE
    middles += A**2
    middles *= squares
    middles += _NO_DIVISION_BY_ZERO
    angles = bends * bends
    angles /= middles
    lines = np.sqrt(squares)
    longer = angles * (3 / 640)
    longer += 1 / 24
    longer *= angles
    longer *= lines
    longer += lines
    return longer
