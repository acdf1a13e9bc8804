"""The headers with which public routes tell a browser that its page may read the answer."""

from functools import lru_cache

Headers = tuple[tuple[bytes, bytes], ...]

EXPOSED = (
    b"RateLimit-Policy, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, "
    b"X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After"
)
ALLOWED_METHODS = b"GET, POST, OPTIONS"
ALLOWED_HEADERS = b"Content-Type, Accept, X-API-Key, X-Storefront-Access-Token, X-Requested-With, X-CSRF-TOKEN"
MAX_AGE = b"7200"
LONGEST_KEPT = 300

_VARY = (b"vary", b"Origin")
_PREFLIGHT = (
    (b"access-control-allow-methods", ALLOWED_METHODS),
    (b"access-control-allow-headers", ALLOWED_HEADERS),
    (b"access-control-max-age", MAX_AGE),
)


def cors_headers(origin: bytes | None) -> Headers:
    """What every response of a public route carries, errors included; caches learn of the Origin even without one."""
    if not origin:
        return (_VARY,)
    # Whoever sends endless origins would fill the cache with them.
    return _kept(origin) if len(origin) <= LONGEST_KEPT else _render(origin)


def preflight_headers(origin: bytes | None) -> Headers:
    """What the 204 to a preflight carries; no key is asked for, so every origin gets the same."""
    return cors_headers(origin) + _PREFLIGHT


def _render(origin: bytes) -> Headers:
    # The origin itself, never `*`: a beacon always sends credentials, and a browser drops it under `*`.
    return (
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        _VARY,
        (b"access-control-expose-headers", EXPOSED),
    )


_kept = lru_cache(maxsize=1024)(_render)
