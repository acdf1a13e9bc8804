"""What a plugin says of itself: one static object, light to import, that the host reads before it runs anything.

Heavy parts are named as `"package.module:attribute"` and loaded later by the host, one plugin at a time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from msgspec import Struct

from frontage.tenants.policy import Policy


class NoSettings(Struct, forbid_unknown_fields=True, frozen=True):
    """The settings of a plugin that has none."""


@dataclass(frozen=True, slots=True)
class Job:
    """Work that one process at a time does again and again: `run` names an async function of a `PluginContext`."""

    name: str
    every: timedelta
    run: str


@dataclass(frozen=True, slots=True)
class Plugin:
    """The declaration of a plugin; every field beyond slug, title and paths is optional."""

    slug: str
    """Its name everywhere; the same as its entry point's. Its tables begin with it."""
    title: str
    """What people read."""
    paths: tuple[str, ...]
    """The path prefixes that it serves; `{x}` stands for one segment. Nobody else may claim them."""
    settings: type[Struct] = NoSettings
    """What a tenant may set under `[plugins.<slug>]`; every field has a default."""
    settings_version: int = 1
    """Raised by one whenever old settings would no longer be read."""
    upgrade_settings: str | None = None
    """`module:function` that takes a version and settings of that version, and gives those of the next."""
    policies: Mapping[str, Policy] = field(default_factory=dict)
    """Rate-limit policies by short name; their full name is `<slug>.<name>`."""
    scopes: Mapping[str, str] = field(default_factory=dict)
    """Scopes that its routes ask for, each with a sentence."""
    schemas: tuple[str, ...] = ()
    """Names of its OpenAPI components that stand bare in the platform's document; the others get its slug in front."""
    routes: str | None = None
    """`module:attribute` of the list of its routes."""
    models: str | None = None
    """The module of its tables."""
    migrations: str | None = None
    """The package whose folder holds its Alembic revisions."""
    streams: str | None = None
    """`module:attribute` of the list of its streams: what it records, and what is counted from it."""
    assets: str | None = None
    """A folder inside its package whose files are served under `/assets/<slug>/`."""
    commands: str | None = None
    """`module:attribute` of a click group that becomes `frontage <slug>`."""
    jobs: tuple[Job, ...] = ()
    """Work to be done regularly."""
    start: str | None = None
    """`module:function`, async, called once a process with its `PluginContext` before it serves."""
    stop: str | None = None
    """`module:function`, async, called once a process after it has served."""
    demo: str | None = None
    """`module:function`, async, called by `frontage serve --demo` with its `PluginContext` and each tenant that has
    it on; it puts something there for a newcomer to see, unless there is something already."""
    showcase: str | None = None
    """`module:attribute` of a `Showcase`: a page of `frontage serve --demo` on which it is seen at work."""

    @property
    def table_prefix(self) -> str:
        """What the names of its tables begin with."""
        return self.slug.replace("-", "_") + "_"

    def policy_name(self, name: str) -> str:
        """The full name of one of its policies."""
        return f"{self.slug}.{name}"

    @property
    def full_policies(self) -> dict[str, Policy]:
        """Its policies by full name."""
        return {self.policy_name(name): policy for name, policy in self.policies.items()}
