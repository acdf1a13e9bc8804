"""The account API: who am I, and a tenant's keys and audit for holders of `keys:write`."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from litestar.di import NamedDependency as Injected
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType

from frontage.app.key_requests import KeyChecker, refuse_origins
from frontage.app.services import Services
from frontage.base.ids import parse_id, to_short
from frontage.edge.gate import not_found
from frontage.edge.pages import Page, PageNumber, PageSize, Pagination
from frontage.edge.sources import AnyKey, SecretKey
from frontage.plugin.routes import delete, get, patch, post
from frontage.tenants import audit, keys
from frontage.tenants.key import Key
from frontage.tenants.key_format import KeyKind
from frontage.tenants.models import AuditRow, KeyRow
from frontage.tenants.policy import format_windows
from frontage.tenants.tenant import Tenant

LONGEST_OVERLAP = 30 * 86_400
_MANAGE: dict[str, Any] = {
    "tenant": SecretKey("keys:write"),
    "limit": ("secret",),
    "off": not_found,
    "tags": ["Account"],
}
_KEYS = "/account/api/v1/api-keys"


class TenantOut(Struct, frozen=True):
    """The tenant that a key belongs to."""

    id: str
    slug: str
    number: int
    name: str


class KeyOut(Struct, frozen=True):
    """A key; `key` is its text where that is no secret."""

    id: str
    kind: Literal["secret", "publishable"]
    name: str
    prefix: str
    scopes: list[str]
    allowed_origins: list[str]
    policy: str | None
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None
    replaced_by: str | None
    key: str | None = None

    @classmethod
    def of(cls, row: KeyRow, text: str | None = None) -> "KeyOut":
        """A key as people see it; a new one with its text."""
        return cls(
            id=to_short(row.id),
            kind=row.kind,  # type: ignore[arg-type]  # the table allows these two alone
            name=row.name,
            prefix=row.prefix,
            scopes=row.scopes,
            allowed_origins=row.origins,
            policy=row.windows,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
            replaced_by=to_short(row.replaced_by) if row.replaced_by else None,
            key=text or row.public_text,
        )


class WhoAmI(Struct, frozen=True):
    """What the platform knows of the key that asks."""

    tenant: TenantOut
    id: str
    kind: Literal["secret", "publishable"]
    prefix: str
    scopes: list[str]
    allowed_origins: list[str]
    policy: str
    expires_at: datetime | None
    plugins: list[str]


class KeyIn(Struct, frozen=True, forbid_unknown_fields=True):
    """A key to be made."""

    kind: Literal["secret", "publishable"]
    name: Annotated[str, Meta(max_length=200)] = ""
    scopes: Annotated[list[str], Meta(max_length=100)] = []
    allowed_origins: Annotated[list[str], Meta(max_length=100)] = []
    policy: Annotated[str, Meta(max_length=200)] | None = None
    expires_at: datetime | None = None


class KeyPatch(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to change; null takes a policy or an expiry away."""

    name: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET
    scopes: Annotated[list[str], Meta(max_length=100)] | UnsetType = UNSET
    allowed_origins: Annotated[list[str], Meta(max_length=100)] | UnsetType = UNSET
    policy: Annotated[str, Meta(max_length=200)] | UnsetType | None = UNSET
    expires_at: datetime | UnsetType | None = UNSET


class Rotation(Struct, frozen=True, forbid_unknown_fields=True):
    """How long the old key lives on beside the new one."""

    overlap_seconds: Annotated[int, Meta(ge=0, le=LONGEST_OVERLAP)] = 0


class KeyPage(Page[KeyOut], frozen=True):
    """A page of keys."""


class AuditOut(Struct, frozen=True):
    """Who did what."""

    id: str
    at: datetime
    actor: str
    action: str
    subject: str
    details: dict[str, Any]


class AuditPage(Page[AuditOut], frozen=True):
    """A page of the audit, the newest first."""


def audit_out(row: AuditRow) -> AuditOut:
    """An audit entry as people see it."""
    return AuditOut(to_short(row.id), row.at, row.actor, row.action, row.subject, row.details)


def actor_of(key: Key) -> str:
    """How the audit names a key."""
    return f"key:{key.prefix}"


@get("/account/api/v1/whoami", tenant=AnyKey(), limit=("secret",), off=not_found, tags=["Account"])
async def whoami(tenant: Injected[Tenant], key: Injected[Key]) -> WhoAmI:
    """Tell whose key this is, and what it may do."""
    return WhoAmI(
        tenant=TenantOut(tenant.short_id, tenant.slug, tenant.number, tenant.name),
        id=to_short(key.id),
        kind=key.kind.value,
        prefix=key.prefix,
        scopes=sorted(key.scopes),
        allowed_origins=list(key.origins),
        policy=format_windows(key.windows),
        expires_at=datetime.fromtimestamp(key.expires, UTC) if key.expires else None,
        plugins=sorted(tenant.plugins),
    )


@get(_KEYS, **_MANAGE)
async def list_api_keys(
    tenant: Injected[Tenant], services: Injected[Services], page: PageNumber = 1, page_size: PageSize = 25
) -> KeyPage:
    """List the tenant's keys, those that are revoked included, oldest first."""
    async with services.database.reading() as session:
        rows = await keys.list_keys(session, tenant.id, offset=(page - 1) * page_size, limit=page_size)
        total = await keys.count_keys(session, tenant.id)
    return KeyPage([KeyOut.of(row) for row in rows], Pagination.of(page, page_size, total))


@post(_KEYS, raises=(409,), **_MANAGE)
async def create_api_key(
    tenant: Injected[Tenant], key: Injected[Key], services: Injected[Services], data: JSONBody[KeyIn]
) -> KeyOut:
    """Make a key; the text of a secret one is told this once."""
    request = KeyChecker(services.scopes).request(
        KeyKind(data.kind),
        name=data.name,
        scopes=data.scopes,
        origins=data.allowed_origins,
        policy=data.policy,
        expires_at=data.expires_at,
    )
    async with services.database.writing() as session:
        made = await keys.create_key(session, services.pepper, tenant.id, request, actor_of(key))
    await services.directory.refresh()
    return KeyOut.of(made.row, made.text)


@patch(_KEYS + "/{key_id:str}", raises=(409,), **_MANAGE)
async def change_api_key(
    tenant: Injected[Tenant],
    key: Injected[Key],
    services: Injected[Services],
    key_id: FromPath[str],
    data: JSONBody[KeyPatch],
) -> KeyOut:
    """Change a key's name, scopes, origins, policy or expiry."""
    change = _checked_change(data, services)
    async with services.database.writing() as session:
        row = await keys.find_key(session, tenant.id, parse_id(key_id))
        refuse_origins(KeyKind(row.kind), change.origins or ())
        row = await keys.change_key(session, tenant.id, row.id, change, actor_of(key))
    await services.directory.refresh()
    return KeyOut.of(row)


@delete(_KEYS + "/{key_id:str}", **_MANAGE)
async def revoke_api_key(
    tenant: Injected[Tenant], key: Injected[Key], services: Injected[Services], key_id: FromPath[str]
) -> None:
    """Revoke a key; every worker refuses it within a second."""
    async with services.database.writing() as session:
        await keys.revoke_key(session, tenant.id, parse_id(key_id), actor_of(key))
    await services.directory.refresh()


@post(_KEYS + "/{key_id:str}/rotate", raises=(409,), **_MANAGE)
async def rotate_api_key(
    tenant: Injected[Tenant],
    key: Injected[Key],
    services: Injected[Services],
    key_id: FromPath[str],
    data: JSONBody[Rotation],
) -> KeyOut:
    """Make a key like this one; the old one lives on for as long as you say."""
    overlap = timedelta(seconds=data.overlap_seconds)
    async with services.database.writing() as session:
        made = await keys.rotate_key(session, services.pepper, tenant.id, parse_id(key_id), overlap, actor_of(key))
    await services.directory.refresh()
    return KeyOut.of(made.row, made.text)


@get("/account/api/v1/audit", **_MANAGE)
async def read_audit(
    tenant: Injected[Tenant], services: Injected[Services], page: PageNumber = 1, page_size: PageSize = 25
) -> AuditPage:
    """Read who did what to this tenant, the newest first."""
    async with services.database.reading() as session:
        rows = await audit.newest(session, tenant.id, offset=(page - 1) * page_size, limit=page_size)
        total = await audit.count(session, tenant.id)
    return AuditPage([audit_out(row) for row in rows], Pagination.of(page, page_size, total))


def _checked_change(data: KeyPatch, services: Services) -> keys.KeyChange:
    checker = KeyChecker(services.scopes)
    change = keys.KeyChange(
        name=None if data.name is UNSET else checker.name(data.name),
        scopes=None if data.scopes is UNSET else checker.scopes(data.scopes),
        origins=None if data.allowed_origins is UNSET else checker.origins(data.allowed_origins),
        windows=None if data.policy is UNSET else checker.windows(data.policy),
        expires_at=None if data.expires_at is UNSET else checker.expiry(data.expires_at),
        cleared=frozenset(
            name for name, value in (("windows", data.policy), ("expires_at", data.expires_at)) if value is None
        ),
    )
    checker.finish()
    return change


ACCOUNT_ROUTES: list[HTTPRouteHandler] = [
    whoami,
    list_api_keys,
    create_api_key,
    change_api_key,
    revoke_api_key,
    rotate_api_key,
    read_audit,
]
