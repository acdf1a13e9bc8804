"""Making, changing, revoking and rotating keys: what is stored, what is audited, what is refused."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from frontage.base.clock import utc_now
from frontage.base.ids import new_id, to_short
from frontage.tenants import audit, keys
from frontage.tenants.errors import KeyNotFoundError, KeyNotLiveError, TooManyKeysError
from frontage.tenants.key_format import KeyKind
from frontage.tenants.keys import MOST_LIVE_KEYS, KeyChange, KeyRequest
from frontage.tenants.models import KeyRow, TenantRow
from frontage.tenants.policy import parse_windows
from frontage.tenants.revision import current_revision

PUBLISHABLE = KeyRequest(KeyKind.PUBLISHABLE)


async def stored(shops, made):
    async with shops.database.reading() as session:
        return await session.get(KeyRow, (made.row.tenant_id, made.row.id))


async def entries(shops):
    async with shops.database.reading() as session:
        return [(row.action, row.actor, row.subject) for row in await audit.newest(session, shops.acme)]


async def revisions(shops):
    async with shops.database.reading() as session:
        found = dict((await session.execute(select(TenantRow.slug, TenantRow.revision))).tuples().all())
        return await current_revision(session), found["acme"], found["bolt"]


async def do(shops, what, *words):
    async with shops.database.writing() as session:
        return await what(session, *words)


async def test_a_secret_key_is_stored_as_a_digest_alone(shops, secret):
    """Its text is nowhere in the row, but for the part that may be shown."""
    made = await shops.key(secret)
    row = await stored(shops, made)
    assert row.digest == shops.pepper.digest(made.text)
    assert row.pepper == shops.pepper.name
    assert row.public_text is None
    assert row.prefix == made.text[:12]
    assert made.text[12:] not in repr({column.name: getattr(row, column.name) for column in KeyRow.__table__.columns})


async def test_a_publishable_key_is_stored_readable(shops):
    """It is public, and may be shown again."""
    made = await shops.key(PUBLISHABLE)
    row = await stored(shops, made)
    assert (row.public_text, row.digest, row.pepper) == (made.text, None, None)


async def test_a_key_is_stored_as_it_was_asked_for(shops):
    """Scopes sorted and once each, origins in their order and once each."""
    ends = utc_now() + timedelta(days=1)
    wanted = KeyRequest(
        KeyKind.PUBLISHABLE,
        "till",
        ("b:x", "a:x", "b:x"),
        ("https://b", "https://a", "https://b"),
        parse_windows("5;w=1"),
        ends,
    )
    row = await stored(shops, await shops.key(wanted))
    assert (row.name, row.scopes, row.origins, row.windows) == (
        "till",
        ["a:x", "b:x"],
        ["https://b", "https://a"],
        "5;w=1",
    )
    assert row.expires_at == ends
    assert row.last_used_at is row.revoked_at is row.replaced_by is None


async def create(shops, tenant, _identifier):
    """Make a key; gives whom the audit names."""
    return (await do(shops, keys.create_key, shops.pepper, tenant, KeyRequest(KeyKind.SECRET), "ann")).row.id


async def change(shops, tenant, identifier):
    await do(shops, keys.change_key, tenant, identifier, KeyChange(name="new"), "ann")
    return identifier


async def revoke(shops, tenant, identifier):
    await do(shops, keys.revoke_key, tenant, identifier, "ann")
    return identifier


async def rotate(shops, tenant, identifier, overlap=timedelta(0)):
    await do(shops, keys.rotate_key, shops.pepper, tenant, identifier, overlap, "ann")
    return identifier


async def find(shops, tenant, identifier):
    await do(shops, keys.find_key, tenant, identifier)


@pytest.mark.parametrize(
    ("act", "action"),
    [(create, "key.created"), (change, "key.changed"), (revoke, "key.revoked"), (rotate, "key.rotated")],
)
async def test_each_change_is_audited_and_told_to_the_workers(shops, secret, act, action):
    """With who did it; the tenant's revision moves, its neighbour's does not."""
    made = await shops.key(secret)
    before, _, bolt = await revisions(shops)
    subject = await act(shops, shops.acme, made.row.id)
    assert (await entries(shops))[0] == (action, "ann", to_short(subject))
    assert await revisions(shops) == (before + 1, before + 1, bolt)


async def test_what_changes_nothing_is_no_change(shops, secret):
    """The same name again, and a second revocation: no entry, no moment moved."""
    made = await shops.key(secret)
    await do(shops, keys.change_key, shops.acme, made.row.id, KeyChange(name="till"), "ann")
    first = await do(shops, keys.revoke_key, shops.acme, made.row.id, "ann")
    again = await do(shops, keys.revoke_key, shops.acme, made.row.id, "bob")
    assert again.revoked_at == first.revoked_at
    assert [action for action, *_ in await entries(shops)][:2] == ["key.revoked", "key.created"]


async def test_a_change_changes_what_it_names(shops):
    """None leaves a thing as it is; a policy and an expiry can be taken away."""
    made = await shops.key(
        replace(PUBLISHABLE, windows=parse_windows("5;w=1"), expires_at=utc_now() + timedelta(1), scopes=("a:x",))
    )
    await do(shops, keys.change_key, shops.acme, made.row.id, KeyChange(scopes=(), origins=("https://a",)), "ann")
    row = await stored(shops, made)
    assert (row.scopes, row.origins, row.windows) == ([], ["https://a"], "5;w=1")
    await do(
        shops, keys.change_key, shops.acme, made.row.id, KeyChange(cleared=frozenset({"windows", "expires_at"})), "ann"
    )
    row = await stored(shops, made)
    assert (row.windows, row.expires_at, row.origins) == (None, None, ["https://a"])


@pytest.mark.parametrize("overlap", [timedelta(0), timedelta(hours=1)])
async def test_a_rotation_makes_a_key_like_the_old_one(shops, overlap):
    """The old one ends now or after the overlap, and knows its heir."""
    wanted = KeyRequest(KeyKind.SECRET, "till", ("a:x",), windows=parse_windows("5;w=1, 70;w=60"))
    old = await shops.key(wanted)
    new = await do(shops, keys.rotate_key, shops.pepper, shops.acme, old.row.id, overlap, "ann")
    heir, ended = await stored(shops, new), await stored(shops, old)
    assert new.text != old.text
    assert (heir.name, heir.scopes, heir.windows, heir.kind) == ("till", ["a:x"], "5;w=1, 70;w=60", "secret")
    assert ended.replaced_by == heir.id
    assert keys.is_live(ended) is (overlap > timedelta(0))
    assert (ended.revoked_at is None) is keys.is_live(ended)
    assert ended.expires_at is None or ended.expires_at <= utc_now() + overlap


@pytest.mark.parametrize("act", [change, rotate])
@pytest.mark.parametrize("field", ["revoked_at", "expires_at"])
async def test_a_dead_key_stays_dead(shops, secret, act, field):
    """It can be neither changed nor rotated back to life."""
    made = await shops.key(secret)
    async with shops.database.writing() as session:
        await session.execute(update(KeyRow).where(KeyRow.id == made.row.id).values({field: utc_now()}))
    with pytest.raises(KeyNotLiveError):
        await act(shops, shops.acme, made.row.id)


@pytest.mark.parametrize("act", [find, change, revoke, rotate])
async def test_another_tenants_key_is_as_unknown_as_none(shops, secret, act):
    """By id or by no id at all."""
    made = await shops.key(secret)
    for tenant, identifier in ((shops.bolt, made.row.id), (shops.acme, new_id()), (shops.acme, None)):
        with pytest.raises(KeyNotFoundError):
            await act(shops, tenant, identifier)
    assert keys.is_live(await stored(shops, made))


async def test_a_tenant_has_at_most_a_hundred_live_keys_however_many_are_asked_for_at_once(shops, secret):
    """Dead ones do not count; a rotation without an overlap fits in, one with an overlap does not."""
    async with shops.database.writing() as session:
        made = [
            await keys.create_key(session, shops.pepper, shops.acme, secret, "ann") for _ in range(MOST_LIVE_KEYS - 2)
        ]
    results = await asyncio.gather(*(shops.key(secret) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(result, TooManyKeysError) for result in results) == 3, results
    name = (shops.acme, made[0].row.id)
    with pytest.raises(TooManyKeysError):
        await do(shops, keys.rotate_key, shops.pepper, *name, timedelta(hours=1), "ann")
    await do(shops, keys.rotate_key, shops.pepper, *name, timedelta(0), "ann")
    await do(shops, keys.revoke_key, shops.acme, made[1].row.id, "ann")
    await shops.key(secret)
    await shops.key(secret, tenant=shops.bolt)
    with pytest.raises(TooManyKeysError):
        await shops.key(secret)


async def test_a_list_has_all_keys_oldest_first_and_can_be_paged(shops, secret):
    """Those that are revoked included, those of a neighbour not."""
    made = [(await shops.key(secret)).row.id for _ in range(3)]
    await shops.key(secret, tenant=shops.bolt)
    await do(shops, keys.revoke_key, shops.acme, made[0], "ann")
    async with shops.database.reading() as session:
        assert [row.id for row in await keys.list_keys(session, shops.acme)] == made
        assert [row.id for row in await keys.list_keys(session, shops.acme, offset=1, limit=1)] == made[1:2]
        assert await keys.count_keys(session, shops.acme) == 3
