"""Making, changing, revoking and rotating keys. Each change is audited and reaches every worker within a second."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from frontage.base.clock import utc_now
from frontage.base.ids import new_id, to_short
from frontage.base.pepper import Pepper
from frontage.tenants import audit, key_format
from frontage.tenants.errors import KeyNotFoundError, KeyNotLiveError, TooManyKeysError
from frontage.tenants.key_format import KeyKind
from frontage.tenants.models import KeyRow
from frontage.tenants.policy import Window, format_windows, parse_windows
from frontage.tenants.revision import begin_change, mark_changed

MOST_LIVE_KEYS = 100


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """What a key is to be; whoever makes one has validated it."""

    kind: KeyKind
    name: str = ""
    scopes: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    windows: tuple[Window, ...] | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeyChange:
    """What is to be different; None leaves a thing as it is."""

    name: str | None = None
    scopes: tuple[str, ...] | None = None
    origins: tuple[str, ...] | None = None
    windows: tuple[Window, ...] | None = None
    expires_at: datetime | None = None
    cleared: frozenset[str] = field(default_factory=frozenset)
    """Names among `windows` and `expires_at` that are taken away."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made, and the only moment at which a secret one's text is known."""

    row: KeyRow
    text: str


async def create_key(session: AsyncSession, pepper: Pepper, tenant_id: UUID, request: KeyRequest, actor: str) -> NewKey:
    """Make a key."""
    revision = await begin_change(session)
    await _refuse_above_limit(session, tenant_id)
    made = _new_key(session, pepper, tenant_id, request)
    audit.record(
        session, tenant_id, actor=actor, action="key.created", subject=to_short(made.row.id),
        kind=request.kind.value, name=request.name, scopes=list(request.scopes), prefix=made.row.prefix,
    )  # fmt: skip
    await mark_changed(session, [tenant_id], revision)
    return made


async def list_keys(
    session: AsyncSession, tenant_id: UUID, *, offset: int = 0, limit: int | None = None
) -> Sequence[KeyRow]:
    """The keys of a tenant, also those that are revoked, oldest first."""
    wanted = select(KeyRow).where(KeyRow.tenant_id == tenant_id).order_by(KeyRow.id).offset(offset).limit(limit)
    return (await session.scalars(wanted)).all()


async def count_keys(session: AsyncSession, tenant_id: UUID) -> int:
    """How many keys a tenant has ever had."""
    counted = select(func.count()).select_from(KeyRow).where(KeyRow.tenant_id == tenant_id)
    return (await session.execute(counted)).scalar_one()


async def find_key(session: AsyncSession, tenant_id: UUID, key_id: UUID | None) -> KeyRow:
    """A key of this tenant; another's is as unknown as none."""
    row = await session.get(KeyRow, (tenant_id, key_id)) if key_id else None
    if row is None:
        raise KeyNotFoundError
    return row


async def change_key(
    session: AsyncSession, tenant_id: UUID, key_id: UUID | None, change: KeyChange, actor: str
) -> KeyRow:
    """Change what may change: name, scopes, origins, policy and expiry."""
    revision = await begin_change(session)
    row = await _find_live_key(session, tenant_id, key_id)
    changed = sorted(_put_changes(row, change))
    if changed:
        audit.record(session, tenant_id, actor=actor, action="key.changed", subject=to_short(row.id), changed=changed)
        await mark_changed(session, [tenant_id], revision)
    return row


async def revoke_key(session: AsyncSession, tenant_id: UUID, key_id: UUID | None, actor: str) -> KeyRow:
    """End a key now; ending it twice changes nothing."""
    revision = await begin_change(session)
    row = await find_key(session, tenant_id, key_id)
    if row.revoked_at is None:
        row.revoked_at = utc_now()
        audit.record(session, tenant_id, actor=actor, action="key.revoked", subject=to_short(row.id), prefix=row.prefix)
        await mark_changed(session, [tenant_id], revision)
    return row


async def rotate_key(
    session: AsyncSession,
    pepper: Pepper,
    tenant_id: UUID,
    key_id: UUID | None,
    overlap: timedelta,
    actor: str,
) -> NewKey:
    """Make a key like this one; the old one lives on for `overlap`, or ends now when that is nothing."""
    revision = await begin_change(session)
    old = await _find_live_key(session, tenant_id, key_id)
    made = _new_key(session, pepper, tenant_id, _request_like(old))
    ends = utc_now() + overlap
    old.replaced_by = made.row.id
    if overlap > timedelta(0):
        old.expires_at = min(ends, old.expires_at or ends)
    else:
        old.revoked_at = ends
    await _refuse_above_limit(session, tenant_id, allowed=MOST_LIVE_KEYS)
    audit.record(
        session, tenant_id, actor=actor, action="key.rotated", subject=to_short(old.id),
        replaced_by=to_short(made.row.id), overlap_seconds=int(overlap.total_seconds()),
    )  # fmt: skip
    await mark_changed(session, [tenant_id], revision)
    return made


def is_live(row: KeyRow) -> bool:
    """Whether requests may still use the key."""
    return row.revoked_at is None and (row.expires_at is None or row.expires_at > utc_now())


async def _refuse_above_limit(session: AsyncSession, tenant_id: UUID, allowed: int = MOST_LIVE_KEYS - 1) -> None:
    live = select(func.count()).where(
        KeyRow.tenant_id == tenant_id,
        KeyRow.revoked_at.is_(None),
        or_(KeyRow.expires_at.is_(None), KeyRow.expires_at > utc_now()),
    )
    if (await session.execute(live)).scalar_one() > allowed:
        raise TooManyKeysError(f"A tenant has at most {MOST_LIVE_KEYS} live keys; revoke one that is not needed.")


async def _find_live_key(session: AsyncSession, tenant_id: UUID, key_id: UUID | None) -> KeyRow:
    row = await find_key(session, tenant_id, key_id)
    if not is_live(row):
        raise KeyNotLiveError
    return row


def _new_key(session: AsyncSession, pepper: Pepper, tenant_id: UUID, request: KeyRequest) -> NewKey:
    text = key_format.generate(request.kind)
    secret = request.kind is KeyKind.SECRET
    row = KeyRow(
        tenant_id=tenant_id,
        id=new_id(),
        kind=request.kind.value,
        name=request.name,
        prefix=text[: key_format.SHOWN],
        public_text=None if secret else text,
        digest=pepper.digest(text) if secret else None,
        pepper=pepper.name if secret else None,
        scopes=sorted(set(request.scopes)),
        origins=list(dict.fromkeys(request.origins)),
        windows=format_windows(request.windows) if request.windows else None,
        expires_at=request.expires_at,
        created_at=utc_now(),
    )
    session.add(row)
    return NewKey(row, text)


def _request_like(row: KeyRow) -> KeyRequest:
    request = KeyRequest(KeyKind(row.kind), row.name, tuple(row.scopes), tuple(row.origins), expires_at=row.expires_at)
    return replace(request, windows=parse_windows(row.windows)) if row.windows else request


def _put_changes(row: KeyRow, change: KeyChange) -> set[str]:
    wanted: dict[str, object] = {
        "name": change.name,
        "scopes": None if change.scopes is None else sorted(set(change.scopes)),
        "origins": None if change.origins is None else list(dict.fromkeys(change.origins)),
        "windows": None if change.windows is None else format_windows(change.windows),
        "expires_at": change.expires_at,
    }
    changed = {name for name, value in wanted.items() if value is not None or name in change.cleared}
    changed = {name for name in changed if getattr(row, name) != wanted[name]}
    for name in changed:
        setattr(row, name, wanted[name])
    return changed
