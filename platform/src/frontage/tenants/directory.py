"""Every tenant and key in memory, so that a request needs no look-up; changed tenants are loaded again by revision.

All of it belongs to one event loop: a refresh reads with awaits and then swaps a tenant's entries without any.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from frontage.base.database import Database
from frontage.base.logs import get_logger
from frontage.base.pepper import Pepper
from frontage.tenants import key_format, queries
from frontage.tenants.key import Key
from frontage.tenants.key_format import KeyKind
from frontage.tenants.local_days import HeldDay
from frontage.tenants.models import EnablementRow, KeyRow, TenantRow
from frontage.tenants.policy import KEY_POLICY_WINDOWS, parse_windows
from frontage.tenants.revision import current_revision
from frontage.tenants.tenant import Tenant, parse_reference

log = get_logger(__name__)

_UTC = ZoneInfo("UTC")

SettingsDecoder = Callable[[str, dict[str, Any], int], Any]
"""Turns a plugin's stored settings into its Struct; None when that plugin does not serve here."""


@dataclass(slots=True)
class _Held:
    tenant: Tenant
    handles: list[str | bytes] = field(default_factory=list)
    """The texts and digests under which its keys are found."""


class Directory:
    """Finds tenants by any of their names, and live keys by their text."""

    def __init__(self, database: Database, pepper: Pepper, decode_settings: SettingsDecoder) -> None:
        self._database = database
        self._pepper = pepper
        self._decode_settings = decode_settings
        self._refreshing = asyncio.Lock()
        self._held: dict[UUID, _Held] = {}
        self._names: dict[UUID | int | str, Tenant] = {}
        self._keys: dict[str | bytes, Key] = {}
        self._used: dict[Key, float] = {}
        self._outdated: dict[Key, bytes] = {}
        self.revision = -1

    @property
    def tenants(self) -> list[Tenant]:
        """Every active tenant."""
        return [held.tenant for held in self._held.values()]

    @property
    def keys(self) -> Collection[Key]:
        """Every key that is not revoked."""
        return self._keys.values()

    def find_tenant(self, reference: object) -> Tenant | None:
        """The active tenant that a value names in any of the contract's forms."""
        name = parse_reference(reference)
        return None if name is None else self._names.get(name)

    def find_tenant_by_id(self, tenant_id: UUID) -> Tenant | None:
        """The active tenant with this id."""
        return self._names.get(tenant_id)

    def zone_of(self, tenant_id: UUID) -> ZoneInfo:
        """The time zone of a tenant; UTC for one that is not active any more."""
        tenant = self._names.get(tenant_id)
        return tenant.timezone if tenant else _UTC

    def find_tenant_by_slug(self, slug: object) -> Tenant | None:
        """The active tenant with this slug, which is taken for nothing else."""
        return self._names.get(slug) if isinstance(slug, str) else None

    def find_key(self, text: str) -> Key | None:
        """The live key with this text; unknown, revoked and expired ones are alike."""
        key = self._find_secret_key(text) if text.startswith("csb") else self._keys.get(text)
        if key is None or key.is_over:
            return None
        self._used[key] = time.time()
        return key

    def find_again(self, key: Key) -> Key | None:
        """The key as it is by now, for who was let in by it a while ago; None when it is live no more."""
        held = self._held.get(key.tenant.id)
        same = (self._keys[handle] for handle in held.handles) if held else ()
        found = next((one for one in same if one.id == key.id), None)
        return None if found is None or found.is_over else found

    def _find_secret_key(self, text: str) -> Key | None:
        if not key_format.is_well_formed(text):
            return None
        current, *previous = self._pepper.candidates(text)
        if key := self._keys.get(current):
            return key
        for digest in previous:
            if key := self._keys.get(digest):
                self._outdated[key] = current
                return key
        return None

    def take_used(self) -> dict[Key, float]:
        """The keys used since the last call, each with the moment."""
        used, self._used = self._used, {}
        return used

    def take_outdated(self) -> dict[Key, dict[str, object]]:
        """The keys found by the previous secret since the last call, each with what its row says under the current."""
        outdated, self._outdated = self._outdated, {}
        return {key: {"digest": digest, "pepper": self._pepper.name} for key, digest in outdated.items()}

    async def refresh(self) -> bool:
        """Load what changed since the last time; True when something did."""
        async with self._refreshing, self._database.reading() as session:
            revision = await current_revision(session)
            if revision == self.revision:
                return False
            rows = await queries.tenants_changed_since(session, self.revision)
            enablements = await queries.enablements_changed_since(session, self.revision)
            keys = await queries.unrevoked_keys_changed_since(session, self.revision)
            existing = await queries.tenant_ids(session)
            self._swap(rows, enablements, keys, existing)
            self.revision = revision
            return True

    def _swap(
        self,
        rows: Sequence[TenantRow],
        enablements: Sequence[EnablementRow],
        keys: Sequence[KeyRow],
        existing: set[UUID],
    ) -> None:
        read = {row.id for row in rows}
        for tenant_id in (self._held.keys() - existing) | read:
            self._forget(tenant_id)
        plugins: defaultdict[UUID, list[EnablementRow]] = defaultdict(list)
        for enablement in enablements:
            plugins[enablement.tenant_id].append(enablement)
        for row in rows:
            if row.status == "active":
                self._hold(self._tenant(row, plugins[row.id]))
        for key in keys:
            # A tenant that changed after its row was read still has its handles here; the next refresh reads it whole.
            if key.tenant_id in read and (held := self._held.get(key.tenant_id)):
                self._hold_key(held, key)

    def _forget(self, tenant_id: UUID) -> None:
        held = self._held.pop(tenant_id, None)
        if held is None:
            return
        for name in (held.tenant.id, held.tenant.number, held.tenant.slug):
            del self._names[name]
        for handle in held.handles:
            del self._keys[handle]

    def _hold(self, tenant: Tenant) -> None:
        self._held[tenant.id] = _Held(tenant)
        for name in (tenant.id, tenant.number, tenant.slug):
            self._names[name] = tenant

    def _hold_key(self, held: _Held, row: KeyRow) -> None:
        handle = row.public_text or row.digest
        if handle:
            held.handles.append(handle)
            self._keys[handle] = _key(held.tenant, row)

    def _tenant(self, row: TenantRow, enablements: Sequence[EnablementRow]) -> Tenant:
        decoded = {one.plugin: self._settings_of(row.slug, one) for one in enablements}
        return Tenant(
            id=row.id,
            slug=row.slug,
            number=row.number,
            name=row.name,
            timezone=ZoneInfo(row.timezone),
            currency=row.currency,
            privacy_signals=row.privacy_signals,  # type: ignore[arg-type]  # checked when the tenant was applied
            windows={name: parse_windows(text) for name, text in row.policies.items()},
            held=HeldDay(row.held_day, row.held_until) if row.held_day and row.held_until else None,
            plugins={slug: settings for slug, settings in decoded.items() if settings is not None},
        )

    def _settings_of(self, tenant: str, row: EnablementRow) -> Any:
        try:
            return self._decode_settings(row.plugin, row.settings, row.settings_version)
        except Exception as error:  # noqa: BLE001  # a plugin's own upgrade function may raise anything
            log.warning("tenant.settings_unreadable", tenant=tenant, plugin=row.plugin, reason=str(error))
            return None


def _key(tenant: Tenant, row: KeyRow) -> Key:
    kind = KeyKind(row.kind)
    windows = parse_windows(row.windows) if row.windows else tenant.windows.get(kind.value, KEY_POLICY_WINDOWS)
    return Key(
        id=row.id,
        tenant=tenant,
        kind=kind,
        prefix=row.prefix,
        scopes=frozenset(row.scopes),
        origins=tuple(row.origins),
        windows=windows,
        expires=row.expires_at.timestamp() if row.expires_at else None,
    )
