"""Which plugins are installed: read from package metadata, without running a line of theirs."""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

GROUP = "frontage.plugins"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An installed plugin that nobody has looked into yet."""

    slug: str
    entry_point: EntryPoint
    distribution: str
    version: str
    requires: tuple[str, ...] = ()

    @property
    def package(self) -> str:
        """The package that its declaration lives in."""
        return self.entry_point.module.partition(".")[0]


def find_candidates() -> list[Candidate]:
    """Every installed plugin, in the order of their slugs."""
    return sorted(_candidates(entry_points(group=GROUP)), key=lambda one: (one.slug, one.distribution))


def _candidates(points: Iterable[EntryPoint]) -> Iterable[Candidate]:
    for point in points:
        distribution = point.dist
        name = distribution.name if distribution else "unknown"
        version = distribution.version if distribution else "0"
        requires = tuple(distribution.requires or ()) if distribution else ()
        yield Candidate(point.name, point, name, version, requires)
