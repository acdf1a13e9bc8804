"""The directory: what a request finds in memory, and how it follows the database."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from frontage.base.clock import utc_now
from frontage.base.ids import to_short
from frontage.base.pepper import Pepper
from frontage.tenants import keys, queries
from frontage.tenants.definition import PluginDefinition
from frontage.tenants.key_format import KeyKind, generate
from frontage.tenants.keys import KeyChange, KeyRequest
from frontage.tenants.policy import KEY_POLICY_WINDOWS, parse_windows
from frontage.tenants.registry import delete_tenant

FIRST, SECOND = "the first secret, thirty-two characters", "the second secret, thirty-two characters"


async def refreshed(shops, **words):
    directory = shops.directory(**words)
    assert await directory.refresh()
    return directory


async def test_a_tenant_is_found_by_each_of_its_names(shops):
    """And by its slug alone where a contract takes slugs alone."""
    directory = await refreshed(shops)
    for name in (1, "1", "001", "acme", str(shops.acme), to_short(shops.acme)):
        assert directory.find_tenant(name).slug == "acme"
    assert directory.find_tenant_by_slug("acme").id == shops.acme
    for name in ("1", 1, to_short(shops.acme), None, ["acme"]):
        assert directory.find_tenant_by_slug(name) is None
    assert directory.find_tenant("nobody") is directory.find_tenant(True) is directory.find_tenant(3) is None


async def test_a_suspended_tenant_is_unknown_and_so_are_its_keys(shops, secret):
    """Until it is active again."""
    made = await shops.key(secret)
    directory = await refreshed(shops)
    acme, bolt = shops.wanted
    await shops.apply(replace(acme, status="suspended"), bolt)
    assert await directory.refresh()
    assert directory.find_tenant("acme") is directory.find_tenant(1) is directory.find_key(made.text) is None
    assert [tenant.slug for tenant in directory.tenants] == ["bolt"]
    await shops.apply(acme, bolt)
    await directory.refresh()
    assert directory.find_key(made.text).tenant is directory.find_tenant("acme")


@pytest.mark.parametrize("kind", KeyKind)
async def test_a_live_key_is_found_by_its_text(shops, kind):
    """Unknown, revoked and expired ones are alike: not found."""
    made = await shops.key(KeyRequest(kind, scopes=("a:x",), origins=("https://a",), windows=parse_windows("5;w=1")))
    short = await shops.key(KeyRequest(kind, expires_at=utc_now() + timedelta(milliseconds=1)))
    dead = await shops.key(KeyRequest(kind))
    async with shops.database.writing() as session:
        await keys.revoke_key(session, shops.acme, dead.row.id, "ann")
    directory = await refreshed(shops)
    found = directory.find_key(made.text)
    assert (found.id, found.kind, found.tenant.slug) == (made.row.id, kind, "acme")
    assert (found.scopes, found.origins, found.windows) == ({"a:x"}, ("https://a",), parse_windows("5;w=1"))
    for text in (dead.text, short.text, generate(kind), made.text[:-1], made.text + "0", "", "csb", "cpk", "ü", "\0"):
        assert directory.find_key(text) is None


async def test_a_key_without_windows_of_its_own_has_its_tenants_or_the_default(shops, secret):
    """In this order: key, tenant's policy of its kind, default."""
    made = await shops.key(secret)
    directory = await refreshed(shops)
    assert directory.find_key(made.text).windows == KEY_POLICY_WINDOWS
    acme, bolt = shops.wanted
    await shops.apply(replace(acme, policies={"secret": "7;w=7", "publishable": "8;w=8"}), bolt)
    await directory.refresh()
    assert directory.find_key(made.text).windows == parse_windows("7;w=7")


async def test_a_refresh_loads_only_what_changed(shops, secret):
    """Nothing when nothing did; else the changed tenant, while its neighbour stays the very same object."""
    directory = await refreshed(shops)
    assert not await directory.refresh()
    acme, bolt = directory.find_tenant("acme"), directory.find_tenant("bolt")
    await shops.key(secret)
    assert await directory.refresh()
    assert directory.find_tenant("acme") is not acme
    assert directory.find_tenant("bolt") is bolt


async def test_a_key_that_changes_is_replaced(shops, secret):
    """The new scopes hold for the same text; revoked, it is gone, and its neighbours stay."""
    made, other = await shops.key(secret), await shops.key(secret)
    directory = await refreshed(shops)
    async with shops.database.writing() as session:
        await keys.change_key(session, shops.acme, made.row.id, KeyChange(scopes=("a:x",)), "ann")
    await directory.refresh()
    assert directory.find_key(made.text).scopes == {"a:x"}
    async with shops.database.writing() as session:
        await keys.revoke_key(session, shops.acme, made.row.id, "ann")
    await directory.refresh()
    assert directory.find_key(made.text) is None
    assert directory.find_key(other.text)
    assert len(directory.keys) == 1


async def test_a_key_is_found_again_as_it_is_by_now(shops, secret):
    """Whoever came in by a key a while ago: with new scopes, and not at all once it is revoked, expired or orphaned."""
    made, short, revoked = [await shops.key(secret) for _ in range(3)]
    directory = await refreshed(shops)
    then = [directory.find_key(one.text) for one in (made, short, revoked)]
    assert [directory.find_again(key) for key in then] == then
    async with shops.database.writing() as session:
        await keys.change_key(session, shops.acme, made.row.id, KeyChange(scopes=("a:x",)), "ann")
        await keys.revoke_key(session, shops.acme, revoked.row.id, "ann")
    await directory.refresh()
    now = [directory.find_again(key) for key in then]
    assert (now[0].scopes, now[0].id, now[1].id, now[2]) == ({"a:x"}, then[0].id, then[1].id, None)
    assert directory.find_again(replace(then[1], id=then[2].id)) is None
    directory._keys.update({handle: replace(key, expires=1.0) for handle, key in directory._keys.items()})
    assert directory.find_again(then[0]) is None
    await shops.apply(replace(shops.wanted[0], status="suspended"), shops.wanted[1])
    await directory.refresh()
    assert directory.find_again(then[1]) is None


async def test_tenants_that_swap_their_names_are_found_by_the_new_ones(shops):
    """In one change, in whatever order the rows come."""
    directory = await refreshed(shops)
    acme, bolt = shops.wanted
    await shops.apply(replace(acme, slug="bolt", number=2), replace(bolt, slug="acme", number=1))
    await directory.refresh()
    assert directory.find_tenant("acme").id == directory.find_tenant(1).id == shops.bolt
    assert directory.find_tenant("bolt").id == directory.find_tenant(2).id == shops.acme


async def test_a_deleted_tenant_is_forgotten_with_its_keys(shops, secret):
    """No name of it and no key of it is held any longer."""
    made = await shops.key(secret)
    directory = await refreshed(shops)
    async with shops.database.writing() as session:
        await delete_tenant(session, "acme", [])
    assert await directory.refresh()
    assert directory.find_tenant("acme") is directory.find_tenant(shops.acme) is directory.find_key(made.text) is None
    assert not directory.keys


async def test_a_change_between_two_reads_of_one_refresh_harms_nobody(shops, secret, monkeypatch):
    """PostgreSQL shows each statement what is committed by then: keys of a tenant that was not read wait for the next."""
    made = await shops.key(secret)
    directory = await refreshed(shops)
    acme, bolt = shops.wanted
    await shops.apply(acme, replace(bolt, name="Bolt Ltd"))
    read_keys, late = queries.unrevoked_keys_changed_since, []

    async def change_then_read(session, revision):
        late.append(await shops.key(secret))
        return await read_keys(session, revision)

    with monkeypatch.context() as between:
        between.setattr(queries, "unrevoked_keys_changed_since", change_then_read)
        await directory.refresh()
    await directory.refresh()
    assert all(directory.find_key(one.text) for one in (made, *late))
    async with shops.database.writing() as session:
        await keys.revoke_key(session, shops.acme, made.row.id, "ann")
    await directory.refresh()
    assert directory.find_key(made.text) is None
    assert directory.find_key(late[0].text)


async def test_settings_are_decoded_once_for_each_tenant(shops):
    """Those of a plugin that does not serve are left out, and so is the plugin."""
    acme, bolt = shops.wanted
    await shops.apply(
        replace(acme, plugins={"p": PluginDefinition({"a": 1}, 3), "gone": PluginDefinition({}, 1)}), bolt
    )
    directory = await refreshed(
        shops, decode=lambda slug, settings, version: (settings, version) if slug == "p" else None
    )
    assert directory.find_tenant("acme").plugins == {"p": ({"a": 1}, 3)}
    assert directory.find_tenant("bolt").plugins == {}


async def test_settings_that_cannot_be_read_turn_one_plugin_off_for_one_tenant(shops):
    """The tenant goes on without it, and the log says why."""

    def decode(slug, settings, version):
        raise ValueError("too old")

    acme, bolt = shops.wanted
    await shops.apply(replace(acme, plugins={"p": PluginDefinition({}, 1)}), bolt)
    with capture_logs() as logged:
        directory = await refreshed(shops, decode=decode)
    assert directory.find_tenant("acme").plugins == {}
    assert [(line["tenant"], line["plugin"], line["reason"]) for line in logged] == [("acme", "p", "too old")]


async def test_a_key_made_under_the_previous_secret_is_found_after_a_change(shops, secret):
    """As long as the previous one is given; without it, or with others, the key is unknown."""
    made = await shops.key(secret, Pepper(FIRST))
    for pepper, known in (
        (Pepper(SECOND, FIRST), True),
        (Pepper(SECOND), False),
        (Pepper(SECOND, SECOND[::-1]), False),
    ):
        directory = await refreshed(shops, pepper=pepper)
        assert (directory.find_key(made.text) is not None) is known


async def test_what_was_used_is_told_once(shops, secret):
    """The key with its last moment; refused ones are no use."""
    made, other = await shops.key(secret), await shops.key(secret)
    directory = await refreshed(shops)
    for text in (made.text, made.text, generate(KeyKind.SECRET)):
        directory.find_key(text)
    used = directory.take_used()
    assert [key.id for key in used] == [made.row.id]
    assert isinstance(made.row.id, UUID)
    assert directory.take_used() == {}
    directory.find_key(other.text)
    assert [key.id for key in directory.take_used()] == [other.row.id]
