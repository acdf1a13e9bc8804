"""`frontage keys`: the same as the account API, for whoever sits at the machine."""

from datetime import UTC, datetime, timedelta

import click
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from frontage.app.account import KeyOut
from frontage.app.key_requests import KeyChecker
from frontage.app.services import known_scopes
from frontage.base.ids import parse_id
from frontage.cli.operator import Operator
from frontage.cli.tables import print_table
from frontage.edge.problems import Problem
from frontage.tenants import keys as registry
from frontage.tenants.errors import KeyNotFoundError, TenantNotFoundError
from frontage.tenants.key_format import KeyKind
from frontage.tenants.models import KeyRow, TenantRow
from frontage.tenants.tenant import parse_reference

_COLUMNS = ("id", "kind", "key", "name", "scopes", "origins", "policy", "last used", "ends")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class _Moment(click.ParamType[datetime]):
    name = "moment"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read 2030-01-31, 2030-01-31T12:00:00Z, or a span from now such as 90d or 12h."""
        text = str(value)
        spans = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1), "s": timedelta(seconds=1)}
        if text[:-1].isdigit() and text[-1] in spans:
            return datetime.now(UTC) + int(text[:-1]) * spans[text[-1]]
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            self.fail(f"{text!r} is no moment; write 2030-01-31, 2030-01-31T12:00:00Z, or 90d, 12h, 30m", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class _Span(click.ParamType[timedelta]):
    name = "span"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Read 0, 3600, 60m, 24h or 7d."""
        text = str(value)
        units = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
        digits, unit = (text[:-1], units[text[-1]]) if text[-1:] in units else (text, 1)
        if not digits.isdigit():
            self.fail(f"{text!r} is no span of time; write 0, 3600, 60m, 24h or 7d", param, ctx)
        return timedelta(seconds=int(digits) * unit)


@click.group()
def keys() -> None:
    """Create, list, revoke and rotate keys."""


@keys.command()
@click.argument("tenant")
@click.option("--kind", type=click.Choice([kind.value for kind in KeyKind]), required=True)
@click.option("--scope", "scopes", multiple=True, help="A scope; may be given several times.")
@click.option("--origin", "origins", multiple=True, help="An origin whose pages may use a publishable key.")
@click.option("--expires", "expires_at", type=_Moment(), help="2030-01-31, a moment with its zone, or 90d from now.")
@click.option("--policy", help='Windows in place of the default, such as "100;w=60".')
@click.option("--name", default="", help="What it is for.")
@_json
@click.pass_obj
def create(
    operator: Operator,
    tenant: str,
    kind: str,
    scopes: tuple[str, ...],
    origins: tuple[str, ...],
    expires_at: datetime | None,
    policy: str | None,
    name: str,
    as_json: bool,
) -> None:
    """Make a key for TENANT (slug, number or id); the text of a secret key is shown this once."""
    checker = KeyChecker(known_scopes(operator.roster))
    try:
        request = checker.request(
            KeyKind(kind), name=name, scopes=scopes, origins=origins, policy=policy, expires_at=expires_at
        )
    except Problem as problem:
        raise click.UsageError("; ".join(f"{one.field}: {one.message}" for one in problem.errors)) from None

    async def work() -> KeyOut:
        async with operator.open_database() as database, database.writing() as session:
            row = await find_tenant(session, tenant)
            made = await registry.create_key(session, operator.pepper, row.id, request, operator.actor)
            return KeyOut.of(made.row, made.text)

    _show_new(operator, operator.run(work()), as_json)


@keys.command("list")
@click.argument("tenant")
@_json
@click.pass_obj
def list_(operator: Operator, tenant: str, as_json: bool) -> None:
    """List the keys of TENANT, those that are revoked included."""

    async def work() -> list[KeyOut]:
        async with operator.open_database() as database, database.reading() as session:
            row = await find_tenant(session, tenant)
            return [KeyOut.of(one) for one in await registry.list_keys(session, row.id)]

    found = operator.run(work())
    if as_json:
        operator.print_json(found)
    else:
        print_table(_COLUMNS, [_row(one) for one in found])


@keys.command()
@click.argument("key_id", metavar="ID")
@_json
@click.pass_obj
def revoke(operator: Operator, key_id: str, as_json: bool) -> None:
    """End a key now; every worker refuses it within a second."""

    async def work() -> KeyOut:
        async with operator.open_database() as database, database.writing() as session:
            row = await _key(session, key_id)
            return KeyOut.of(await registry.revoke_key(session, row.tenant_id, row.id, operator.actor))

    revoked = operator.run(work())
    if as_json:
        operator.print_json(revoked)
    else:
        operator.say(f"Revoked {revoked.prefix}… ({revoked.id}).")


@keys.command()
@click.argument("key_id", metavar="ID")
@click.option("--overlap", type=_Span(), default="0", help="How long the old key lives on: 0, 60m, 24h, 7d.")
@_json
@click.pass_obj
def rotate(operator: Operator, key_id: str, overlap: timedelta, as_json: bool) -> None:
    """Make a key like this one and end the old one after the overlap."""

    async def work() -> KeyOut:
        async with operator.open_database() as database, database.writing() as session:
            old = await _key(session, key_id)
            made = await registry.rotate_key(session, operator.pepper, old.tenant_id, old.id, overlap, operator.actor)
            return KeyOut.of(made.row, made.text)

    _show_new(operator, operator.run(work()), as_json)


async def find_tenant(session: AsyncSession, text: str) -> TenantRow:
    """The tenant that an operator names by slug, number or id, active or not."""
    name = parse_reference(text)
    column = {int: TenantRow.number, str: TenantRow.slug}.get(type(name), TenantRow.id)
    row = None if name is None else (await session.scalars(select(TenantRow).where(column == name))).one_or_none()
    if row is None:
        raise TenantNotFoundError(f"There is no tenant {text!r}; frontage tenants list shows all.")
    return row


async def _key(session: AsyncSession, text: str) -> KeyRow:
    """A key by its id, or by the part of it that logs show."""
    wanted = select(KeyRow).where(or_(KeyRow.id == parse_id(text), KeyRow.prefix == text))
    rows = (await session.scalars(wanted.limit(2))).all()
    if len(rows) != 1:
        raise KeyNotFoundError
    return rows[0]


def _show_new(operator: Operator, made: KeyOut, as_json: bool) -> None:
    if as_json:
        operator.print_json(made)
        return
    operator.say(f"{made.key}")
    hint = " It is shown this once." if made.kind == "secret" else ""
    click.echo(f"A {made.kind} key with id {made.id}.{hint}", err=True)


def _row(one: KeyOut) -> list[str]:
    used = f"{one.last_used_at:%Y-%m-%d %H:%M}" if one.last_used_at else "never"
    scopes, origins = "\n".join(one.scopes), "\n".join(one.allowed_origins)
    return [one.id, one.kind, f"{one.prefix}…", one.name, scopes, origins, one.policy or "", used, _end(one)]


def _end(one: KeyOut) -> str:
    if one.revoked_at:
        return f"revoked {one.revoked_at:%Y-%m-%d}"
    return f"{one.expires_at:%Y-%m-%d}" if one.expires_at else ""
