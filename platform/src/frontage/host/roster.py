"""The roster: every installed plugin, how far it came, and why it stopped if it did."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any

from frontage.base.logs import get_logger
from frontage.host.discovery import Candidate
from frontage.host.errors import NoSuchPluginError, PluginError, Stage
from frontage.intake.stream import BoundStream
from frontage.plugin.declaration import Plugin

if TYPE_CHECKING:
    from litestar.handlers import HTTPRouteHandler

    from frontage.edge.hot import HotRoute

log = get_logger(__name__)


@dataclass(slots=True)
class Entry:
    """One plugin on the roster."""

    candidate: Candidate
    plugin: Plugin | None = None
    stage: Stage = Stage.SERVING
    reason: str = ""
    claims: tuple[str, ...] = ()
    """Its paths; those it claimed last time when its declaration cannot be read."""
    hot: list["HotRoute"] = field(default_factory=list)
    ordinary: list["HTTPRouteHandler"] = field(default_factory=list)
    models: ModuleType | None = None
    streams: list[BoundStream] = field(default_factory=list)
    document: dict[str, Any] = field(default_factory=dict)
    """Its own OpenAPI document."""

    @property
    def slug(self) -> str:
        """Its name."""
        return self.candidate.slug

    @property
    def serves(self) -> bool:
        """Whether its routes are open."""
        return self.stage is Stage.SERVING

    @property
    def declared(self) -> Plugin:
        """Its declaration; only asked for where it is known to have been read."""
        assert self.plugin is not None, f"{self.slug} has no declaration"
        return self.plugin

    def stop(self, error: PluginError) -> None:
        """Take it out of service; the first reason stands."""
        if self.serves:
            self.stage, self.reason = error.stage, error.detail
            log.error("plugin.quarantined", plugin=self.slug, stage=error.stage.value, reason=error.detail)


class Roster:
    """All plugins of this process."""

    def __init__(self, entries: list[Entry]) -> None:
        self.entries = entries

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    @property
    def serving(self) -> list[Entry]:
        """The plugins whose routes are open."""
        return [entry for entry in self.entries if entry.serves]

    @property
    def stopped(self) -> list[Entry]:
        """The plugins that do not serve."""
        return [entry for entry in self.entries if not entry.serves]

    @property
    def plugins(self) -> Mapping[str, Plugin]:
        """The declarations of those that serve, by slug."""
        return {entry.slug: entry.declared for entry in self.serving}

    def find(self, slug: str) -> Entry:
        """The entry of a plugin, or an error that lists the installed ones."""
        for entry in self.entries:
            if entry.slug == slug:
                return entry
        installed = ", ".join(entry.slug for entry in self.entries) or "none"
        raise NoSuchPluginError(f"No plugin {slug} is installed; installed: {installed}.")
