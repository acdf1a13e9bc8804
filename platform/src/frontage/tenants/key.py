"""A key as requests see it."""

import time
from dataclasses import dataclass
from uuid import UUID

from frontage.tenants.key_format import KeyKind
from frontage.tenants.policy import Window
from frontage.tenants.tenant import Tenant

_SECRET = KeyKind.SECRET  # looking up a member of an enum is a call of Python's own


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """A key that is not revoked, of a tenant that is active; it may expire while it is held."""

    id: UUID
    tenant: Tenant
    kind: KeyKind
    prefix: str
    scopes: frozenset[str]
    origins: tuple[str, ...]
    windows: tuple[Window, ...]
    expires: float | None

    @property
    def is_secret(self) -> bool:
        """Whether only a server may hold it."""
        return self.kind is _SECRET

    @property
    def is_over(self) -> bool:
        """Whether it has expired."""
        return self.expires is not None and self.expires <= time.time()
