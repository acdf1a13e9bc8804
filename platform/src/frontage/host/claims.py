"""Path claims: which prefix belongs to whom, compared segment by segment with `{x}` standing for any one."""

from collections.abc import Iterable

RESERVED = ("/account", "/assets", "/demo", "/errors", "/health", "/metrics", "/schema")


def segments(path: str) -> list[str]:
    """The segments of a path."""
    return [part for part in path.split("/") if part]


def is_claim(path: object) -> bool:
    """Whether something may be claimed: an absolute path with at least one fixed segment first."""
    if not isinstance(path, str):
        return False
    parts = segments(path)
    return path == "/" + "/".join(parts) and bool(parts) and not _is_wildcard(parts[0])


def covers(claim: str, path: str) -> bool:
    """Whether a path (or a path template) lies under a claim."""
    theirs, ours = segments(path), segments(claim)
    return len(theirs) >= len(ours) and all(map(_fits, ours, theirs))


def clash(one: str, other: str) -> bool:
    """Whether some path could lie under both claims."""
    return all(_meet(a, b) for a, b in zip(segments(one), segments(other), strict=False))


def is_covered(claims: Iterable[str], path: str) -> bool:
    """Whether a path lies under any of some claims."""
    return any(covers(claim, path) for claim in claims)


def _is_wildcard(segment: str) -> bool:
    return segment.startswith("{") and segment.endswith("}")


def _fits(ours: str, theirs: str) -> bool:
    return ours == theirs or _is_wildcard(ours)


def _meet(one: str, other: str) -> bool:
    return one == other or _is_wildcard(one) or _is_wildcard(other)
