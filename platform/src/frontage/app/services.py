"""What the platform's own routes work with."""

import asyncio
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry

from frontage.base.database import Database
from frontage.base.pepper import Pepper
from frontage.base.settings import Settings
from frontage.edge.meter import RequestMeter
from frontage.edge.shared_limits import SharedLimiter
from frontage.host.roster import Roster
from frontage.intake.intake import Intake
from frontage.tenants.directory import Directory

SCOPES = {"keys:write": "Manage the tenant's keys and read its audit; its holder can make keys with any scope."}


@dataclass(slots=True)
class Services:
    """The parts of a running platform."""

    settings: Settings
    database: Database
    pepper: Pepper
    directory: Directory
    roster: Roster
    intake: Intake
    meter: RequestMeter
    shared_limiter: SharedLimiter | None = None
    """The one that counts with other processes; None where this process counts by itself."""
    metrics: CollectorRegistry = field(default_factory=lambda: CollectorRegistry(auto_describe=False))
    draining: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the process begins to end."""
    migrated: bool = False
    """Whether the database was seen at the newest revisions."""

    @property
    def scopes(self) -> dict[str, str]:
        """Every scope that a key may have, each with a sentence."""
        return known_scopes(self.roster)


def known_scopes(roster: Roster) -> dict[str, str]:
    """The platform's scopes and those of the plugins that serve."""
    scopes = dict(SCOPES)
    for entry in roster.serving:
        scopes.update(entry.declared.scopes)
    return scopes
