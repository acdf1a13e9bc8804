"""What a tenant is meant to be, as its file says it: the form in which tenants are compared, changed and exported."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PluginDefinition:
    """A plugin that is on, and its settings as written."""

    settings: Mapping[str, Any]
    settings_version: int


@dataclass(frozen=True, slots=True)
class TenantDefinition:
    """Everything that a tenant's file decides; without an `id` one is made when it is first applied."""

    slug: str
    number: int
    name: str
    timezone: str = "UTC"
    currency: str = "HNL"
    status: str = "active"
    privacy_signals: str = "anonymise"
    policies: Mapping[str, str] = field(default_factory=dict)
    plugins: Mapping[str, PluginDefinition] = field(default_factory=dict)
    id: UUID | None = None
