"""Which paths browsers of other origins may call: one expression over the templates of all public routes."""

import re
from collections.abc import Iterable

_PARAMETER = re.compile(r"\{[^/{}]+\}")


class PublicPaths:
    """Tells whether a path belongs to a public route, whatever the method."""

    def __init__(self, templates: Iterable[str]) -> None:
        patterns = sorted({pattern_of(template) for template in templates})
        self._expression = re.compile("|".join(patterns) or r"(?!)")

    def __contains__(self, path: str) -> bool:
        return self._expression.fullmatch(path.rstrip("/") or "/") is not None


def pattern_of(template: str) -> str:
    """The expression that the paths of a template match."""
    parts = _PARAMETER.split(template.rstrip("/") or "/")
    return "[^/]+".join(re.escape(part) for part in parts)
