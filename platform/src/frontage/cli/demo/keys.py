"""Keys of each kind for every tenant, for a newcomer to try; kept in a file that its owner alone reads."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from frontage.app.services import known_scopes
from frontage.base.database import Database
from frontage.base.pepper import Pepper
from frontage.edge.gate import Gate
from frontage.edge.ordinary import gate_of
from frontage.edge.sources import PublishableKey, Token
from frontage.host.roster import Roster
from frontage.tenants.key_format import KeyKind
from frontage.tenants.keys import KeyRequest, create_key, is_live
from frontage.tenants.models import KeyRow, TenantRow

FILE = "demo-keys.json"
_NAME = "demo"


class DemoKeys(Struct, frozen=True):
    """The keys of one tenant."""

    tenant: str
    name: str
    publishable: str
    secret: str


async def ensure_demo_keys(database: Database, pepper: Pepper, roster: Roster, data_dir: Path) -> list[DemoKeys]:
    """The demo keys of every active tenant: those in the file as long as they live, else new ones."""
    path = data_dir / FILE
    known = {one.tenant: one for one in _read(path)}
    async with database.writing() as session:
        active = select(TenantRow).where(TenantRow.status == "active").order_by(TenantRow.number)
        tenants = (await session.scalars(active)).all()
        found = [
            kept if (kept := known.get(row.slug)) and await _all_live(session, pepper, row, kept) else
            await _make(session, pepper, roster, row)
            for row in tenants
        ]  # fmt: skip
    _write(path, found)
    return found


async def _all_live(session: AsyncSession, pepper: Pepper, tenant: TenantRow, demo: DemoKeys) -> bool:
    rows = (await session.scalars(select(KeyRow).where(KeyRow.tenant_id == tenant.id, KeyRow.name == _NAME))).all()
    live = [row for row in rows if is_live(row)]
    digests = pepper.candidates(demo.secret)
    return any(row.public_text == demo.publishable for row in live) and any(row.digest in digests for row in live)


async def _make(session: AsyncSession, pepper: Pepper, roster: Roster, tenant: TenantRow) -> DemoKeys:
    publishable = KeyRequest(KeyKind.PUBLISHABLE, _NAME, tuple(sorted(set(_browser_scopes(roster)))))
    secret = KeyRequest(KeyKind.SECRET, _NAME, tuple(sorted(known_scopes(roster))))
    made = [await create_key(session, pepper, tenant.id, request, "cli:demo") for request in (publishable, secret)]
    return DemoKeys(tenant.slug, tenant.name, *(one.text for one in made))


def _browser_scopes(roster: Roster) -> Iterator[str]:
    for gate in _gates(roster):
        if isinstance(gate.source, Token | PublishableKey) and gate.source.scope:
            yield gate.source.scope


def _gates(roster: Roster) -> Iterable[Gate]:
    for entry in roster.serving:
        yield from (route.gate for route in entry.hot)
        yield from (gate for handler in entry.ordinary if (gate := gate_of(handler)))


def _read(path: Path) -> list[DemoKeys]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[DemoKeys])
    except (FileNotFoundError, msgspec.DecodeError):
        return []


def _write(path: Path, found: list[DemoKeys]) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
    fresh.replace(path)
