"""Who asks: a key of every credential, and what an operation must answer to each."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from tests.isolation.shops import ACTOR, STRANGER

from frontage.base.clock import utc_now
from frontage.tenants.keys import revoke_key
from frontage.tenants.models import KeyRow
from frontage.testing.harness import Running

CREDENTIALS = ("own", "other", "publishable", "narrow", "expired", "revoked", "anonymous")
OPEN = frozenset({"body", "path", "public"})
"""Sources that ask for no credential: whatever is sent with a request changes nothing."""
ADMITTED = {
    "secret-key": {"own", "other"},
    "publishable-key": {"own", "other", "publishable", "narrow"},
    "token": {"own", "other", "publishable"},
    "key": {"own", "other", "publishable", "narrow"},
}
PAGES = frozenset({"publishable-key", "token"})
"""Sources whose own credential is a publishable key."""


class UnknownSourceError(Exception):
    """A route finds its tenant in a way that the matrix does not know: say in ADMITTED who may pass."""


def scope_of(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """How an operation finds its tenant, as its document says it must."""
    scope: Mapping[str, Any] = told.get("x-tenant-scope") or {}
    if scope.get("source") not in OPEN | set(ADMITTED):
        raise UnknownSourceError(f"{told.get('operationId')}: x-tenant-scope is {scope or 'missing'}")
    return scope


def refusal_of(scope: Mapping[str, Any], credential: str) -> int | None:
    """The status that a credential must get; None when it passes."""
    if scope["source"] in OPEN:
        return None
    if credential in {"expired", "revoked", "anonymous"}:
        return 401
    admitted = set(ADMITTED[scope["source"]])
    if scope["source"] == "secret-key" and "scope" not in scope:
        admitted.add("narrow")
    return None if credential in admitted else 403


class KeyRing:
    """A key of every credential, of either kind."""

    def __init__(self) -> None:
        self._texts: dict[str, dict[str, str]] = {}

    async def fill(self, running: Running) -> None:
        """Make the keys; what is expired or revoked was good once."""
        scopes = tuple(running.platform.services.scopes)
        past = utc_now() - timedelta(seconds=1)
        for kind in ("secret", "publishable"):
            self._texts[kind] = {
                "own": await running.key(ACTOR, kind, scopes=scopes),
                "other": await running.key(STRANGER, kind, scopes=scopes),
                "publishable": await running.key(ACTOR, "publishable", scopes=scopes),
                "narrow": await running.key(ACTOR, kind),
                "expired": await running.key(ACTOR, kind, scopes=scopes, expires_at=past),
                "revoked": await running.key(ACTOR, kind, scopes=scopes),
            }
            await _revoke_newest(running)

    def header(self, source: str, credential: str) -> list[tuple[bytes, bytes]]:
        """The header that carries a credential to a route that finds its tenant in this way; none for nobody."""
        text = self._texts["publishable" if source in PAGES else "secret"].get(credential)
        return [(b"x-api-key", text.encode())] if text else []


async def _revoke_newest(running: Running) -> None:
    tenant_id = running.tenant(ACTOR).id
    async with running.database.writing() as session:
        newest = select(KeyRow.id).where(KeyRow.tenant_id == tenant_id).order_by(KeyRow.id.desc()).limit(1)
        await revoke_key(session, tenant_id, (await session.scalars(newest)).one(), "test")
    await running.platform.services.directory.refresh()
