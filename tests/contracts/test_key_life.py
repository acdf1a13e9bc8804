"""A key from its making to its end, by the account API."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import func, select
from tests.contracts.conftest import BOTH

from frontage.base.ids import to_short
from frontage.tenants.key_format import is_well_formed
from frontage.tenants.models import KeyRow

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEYS, AUDIT, WHOAMI = "/account/api/v1/api-keys", "/account/api/v1/audit", "/account/api/v1/whoami"


class Holder:
    """Somebody with a key that has `keys:write`."""

    def __init__(self, client, key) -> None:
        self.client = client
        self.key = key

    async def ask(self, method, path, body=None):
        return await self.client.request(method, path, json=body, headers={"X-API-Key": self.key})

    async def make(self, **request):
        answer = await self.ask("POST", KEYS, {"kind": "secret"} | request)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def listed(self):
        return (await self.ask("GET", f"{KEYS}?page_size=100")).json()["data"]

    async def audit(self):
        return (await self.ask("GET", f"{AUDIT}?page_size=100")).json()["data"]


@pytest_asyncio.fixture(loop_scope="module")
async def owner(stored_shop):
    return Holder(stored_shop.client, await stored_shop.key("wide", scopes=("keys:write",)))


async def works(shop, text):
    return (await shop.client.get(WHOAMI, headers={"X-API-Key": text})).status_code


async def test_a_secret_key_is_shown_once_and_a_publishable_one_again(stored_shop, owner):
    """The secret stands in the answer that made it and nowhere after."""
    secret, public = await owner.make(name="a"), await owner.make(kind="publishable", name="b")
    for made, prefix in ((secret, "csb_"), (public, "cpk_")):
        assert is_well_formed(made["key"])
        assert made["key"].startswith(prefix)
        assert (made["prefix"], len(made["id"])) == (made["key"][:12], 22)
        assert await works(stored_shop, made["key"]) == 200, "a new key works at once"
    shown = {key["id"]: key["key"] for key in await owner.listed()}
    assert (shown[secret["id"]], shown[public["id"]]) == (None, public["key"])
    changed = await owner.ask("PATCH", f"{KEYS}/{secret['id']}", {"name": "c"})
    assert changed.json()["key"] is None
    assert secret["key"] not in (await owner.ask("GET", AUDIT)).text


async def test_a_secret_key_is_not_stored(stored_shop, owner):
    """What the database holds opens nothing."""
    made = await owner.make()
    async with stored_shop.database.reading() as session:
        rows = (await session.scalars(select(KeyRow).where(KeyRow.prefix == made["prefix"]))).all()
    assert len(rows) == 1
    assert rows[0].public_text is None
    assert made["key"].encode() not in rows[0].digest
    assert len(rows[0].digest) == 32


async def test_a_key_is_what_was_asked_for(stored_shop, owner):
    """Name, scopes, origins in their one form, policy, expiry; and whoami tells the same."""
    expires = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
    request = {
        "kind": "publishable", "name": " Widget ", "scopes": ["kitchen:read", "kitchen:order", "kitchen:read"],
        "allowed_origins": ["HTTPS://Shop.Example:443", "https://*.münchen.example", "null"],
        "policy": "5;w=60,  50;w=3600", "expires_at": expires.isoformat(),
    }  # fmt: skip
    made = await owner.make(**request)
    wanted = {
        "kind": "publishable", "name": "Widget", "scopes": ["kitchen:order", "kitchen:read"], "policy": "5;w=60, 50;w=3600",
        "allowed_origins": ["https://shop.example", "https://*.xn--mnchen-3ya.example", "null"],
        "last_used_at": None, "revoked_at": None, "replaced_by": None,
    }  # fmt: skip
    assert wanted.items() <= made.items()
    assert datetime.fromisoformat(made["expires_at"]) == expires
    assert next(key for key in await owner.listed() if key["id"] == made["id"]) == made
    told = (await stored_shop.client.get(WHOAMI, headers={"X-API-Key": made["key"]})).json()
    assert (told["scopes"], told["policy"], told["id"]) == (made["scopes"], made["policy"], made["id"])


WRONG = [
    pytest.param({"kind": "admin"}, ["kind"], id="no such kind"),
    pytest.param({}, ["kind"], id="no kind"),
    pytest.param({"kind": "secret", "scopes": ["everything"]}, ["scopes"], id="no such scope"),
    pytest.param({"kind": "secret", "name": "a\nb"}, ["name"], id="a line break in a name"),
    pytest.param({"kind": "secret", "name": "x" * 101}, ["name"], id="a long name"),
    pytest.param(
        {"kind": "secret", "allowed_origins": ["https://a.example"]}, ["allowed_origins"], id="origins of a secret key"
    ),
    pytest.param(
        {"kind": "publishable", "allowed_origins": ["https://a.example/x"]}, ["allowed_origins[0]"], id="no origin"
    ),
    pytest.param(
        {"kind": "publishable", "allowed_origins": ["https://a.example", "*"]}, ["allowed_origins[1]"], id="a star"
    ),
    pytest.param({"kind": "secret", "expires_at": "2000-01-01T00:00:00Z"}, ["expires_at"], id="a moment that is past"),
    pytest.param({"kind": "secret", "expires_at": "2999-01-01T00:00:00"}, ["expires_at"], id="a moment without a zone"),
    pytest.param(
        {"kind": "secret", "scopes": ["x"], "policy": "x", "name": "\t\n x\n y"},
        ["name", "scopes", "policy"],
        id="several at once",
    ),
]


@pytest.mark.parametrize(("request_body", "fields"), WRONG)
async def test_a_wrong_request_makes_no_key(stored_shop, owner, request_body, fields):
    """All that is wrong is told at once, and nothing is made."""
    before = len(await owner.listed())
    answer = await owner.ask("POST", KEYS, request_body)
    assert answer.status_code == 422
    assert sorted(error["field"] for error in answer.json()["errors"]) == sorted(fields)
    assert len(await owner.listed()) == before


async def test_a_change_changes_what_it_names_and_null_takes_away(stored_shop, owner):
    """What is not named stays; null clears a policy and an expiry."""
    expires = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    made = await owner.make(kind="publishable", name="a", scopes=["kitchen:read"], policy="5;w=60", expires_at=expires)
    path = f"{KEYS}/{made['id']}"
    named = (await owner.ask("PATCH", path, {"name": "b"})).json()
    assert {**made, "name": "b"} == named
    cleared = (await owner.ask("PATCH", path, {"policy": None, "expires_at": None, "scopes": []})).json()
    assert {**named, "policy": None, "expires_at": None, "scopes": []} == cleared
    told = (await stored_shop.client.get(WHOAMI, headers={"X-API-Key": made["key"]})).json()
    assert (told["policy"], told["scopes"]) == ("1000000;w=60", []), "the change holds at once"
    nothing = await owner.ask("PATCH", path, {})
    assert (nothing.status_code, nothing.json()) == (200, cleared)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"policy": ""}, "policy"),
        ({"policy": "5;w=60, 5;w=70"}, "policy"),
        ({"scopes": ["no:scope"]}, "scopes"),
        ({"scopes": None}, "scopes"),
        ({"allowed_origins": ["https://a.example"]}, "allowed_origins"),
        ({"kind": "publishable"}, None),
        ({"key": "csb_x"}, None),
    ],
)
async def test_a_wrong_change_changes_nothing(stored_shop, owner, change, field):
    """And says which field."""
    made = await owner.make(name="a", policy="7;w=60")
    answer = await owner.ask("PATCH", f"{KEYS}/{made['id']}", {"name": "b", **change})
    assert answer.status_code == 422
    assert field is None or [error["field"] for error in answer.json()["errors"]] == [field]
    assert next(key for key in await owner.listed() if key["id"] == made["id"])["name"] == "a"
    assert await works(stored_shop, made["key"]) == 200


async def test_a_revoked_key_is_refused_at_once_and_stays_listed(stored_shop, owner):
    """204, also the second time; what is revoked can be neither changed nor rotated."""
    made = await owner.make()
    path = f"{KEYS}/{made['id']}"
    assert await works(stored_shop, made["key"]) == 200
    revoked = await owner.ask("DELETE", path)
    assert (revoked.status_code, revoked.content) == (204, b"")
    assert await works(stored_shop, made["key"]) == 401
    first = next(key for key in await owner.listed() if key["id"] == made["id"])["revoked_at"]
    assert first is not None
    assert (await owner.ask("DELETE", path)).status_code == 204
    assert next(key for key in await owner.listed() if key["id"] == made["id"])["revoked_at"] == first
    assert (await owner.ask("PATCH", path, {"name": "x"})).status_code == 409
    assert (await owner.ask("POST", f"{path}/rotate", {})).status_code == 409


async def test_a_rotation_without_overlap_ends_the_old_key(stored_shop, owner):
    """The new one is like the old one, and the old one names it."""
    old = await owner.make(
        kind="publishable", name="a", scopes=["kitchen:read"], policy="9;w=60", allowed_origins=["https://a.example"]
    )
    answer = await owner.ask("POST", f"{KEYS}/{old['id']}/rotate", {})
    new = answer.json()
    assert answer.status_code == 201
    assert new["key"] != old["key"]
    same = ("kind", "name", "scopes", "policy", "allowed_origins", "expires_at")
    assert [new[name] for name in same] == [old[name] for name in same]
    assert (await works(stored_shop, old["key"]), await works(stored_shop, new["key"])) == (401, 200)
    assert next(key for key in await owner.listed() if key["id"] == old["id"])["replaced_by"] == new["id"]


async def test_a_rotation_with_overlap_lets_the_old_key_live_on(stored_shop, owner):
    """Until then and no longer; never longer than it would have lived."""
    soon = datetime.now(UTC) + timedelta(seconds=100)
    for expires, ends in ((None, 600), (soon.isoformat(), 100)):
        old = await owner.make(expires_at=expires)
        new = (await owner.ask("POST", f"{KEYS}/{old['id']}/rotate", {"overlap_seconds": 600})).json()
        assert (await works(stored_shop, old["key"]), await works(stored_shop, new["key"])) == (200, 200)
        row = next(key for key in await owner.listed() if key["id"] == old["id"])
        left = datetime.fromisoformat(row["expires_at"]) - datetime.now(UTC)
        assert timedelta(seconds=ends - 60) < left <= timedelta(seconds=ends)
        assert (row["revoked_at"], row["replaced_by"]) == (None, new["id"])


def told(answer):
    body = answer.content.replace(answer.json()["timestamp"].encode(), b"")
    headers = {
        name: value for name, value in answer.headers.items() if "ratelimit" not in name and name != "x-request-id"
    }
    return answer.status_code, body, headers


@pytest.mark.parametrize(
    ("method", "tail", "body"),
    [("PATCH", "", {"name": "x"}), ("DELETE", "", None), ("POST", "/rotate", {"overlap_seconds": 0})],
)
async def test_another_tenants_key_is_as_unknown_as_none(stored_shop, owner, method, tail, body):
    """404, byte for byte; and nothing happens to it."""
    stranger = Holder(stored_shop.client, await stored_shop.key("acme", scopes=("keys:write",)))
    theirs = await owner.make(name="theirs")
    unknown = told(await stranger.ask(method, f"{KEYS}/{to_short(uuid4())}{tail}", body))
    assert unknown[0] == 404
    for name in (theirs["id"], "z" * 22, "nonsense", str(uuid4())):
        assert told(await stranger.ask(method, f"{KEYS}/{name}{tail}", body)) == unknown, name
    assert await works(stored_shop, theirs["key"]) == 200


async def test_the_audit_tells_who_did_what(stored_shop):
    """Creation, change, rotation and revocation with the key that did it; readable with `keys:write` alone."""
    key = await stored_shop.key("bolt", scopes=("keys:write",))
    owner = Holder(stored_shop.client, key)
    made = await owner.make(name="watched", scopes=["kitchen:read"])
    await owner.ask("PATCH", f"{KEYS}/{made['id']}", {"name": "renamed"})
    new = (await owner.ask("POST", f"{KEYS}/{made['id']}/rotate", {"overlap_seconds": 60})).json()
    await owner.ask("DELETE", f"{KEYS}/{new['id']}")
    await owner.ask("DELETE", f"{KEYS}/{new['id']}")
    entries = [one for one in await owner.audit() if one["actor"] == f"key:{key[:12]}"]
    assert [(one["action"], one["subject"]) for one in entries] == [
        ("key.revoked", new["id"]),
        ("key.rotated", made["id"]),
        ("key.changed", made["id"]),
        ("key.created", made["id"]),
    ]
    assert entries[3]["details"] | {"name": "watched", "kind": "secret"} == entries[3]["details"]
    assert entries[1]["details"] == {"replaced_by": new["id"], "overlap_seconds": 60}
    assert all(abs(datetime.now(UTC) - datetime.fromisoformat(one["at"])) < timedelta(minutes=5) for one in entries)
    assert "tenant.created" in {one["action"] for one in await owner.audit()}
    unscoped = Holder(stored_shop.client, await stored_shop.key("bolt", scopes=("kitchen:read",)))
    assert (await unscoped.ask("GET", AUDIT)).status_code == 403
    assert (
        made["id"]
        not in (
            await Holder(stored_shop.client, await stored_shop.key("acme", scopes=("keys:write",))).ask("GET", AUDIT)
        ).text
    )


@pytest.mark.parametrize("database", ["sqlite_url", "postgres_url"])
async def test_a_tenant_has_at_most_100_live_keys(open_shop, tmp_path, request, database):
    """Also when 30 ask at once for the last ten; the rest get a 409, and revoking one makes room."""
    tenants = {"acme": f'name = "A"\nnumber = 1\n{BOTH}'}
    async with open_shop(request.getfixturevalue(database), tmp_path, tenants) as shop:
        owner = Holder(shop.client, await shop.key("acme", scopes=("keys:write",)))
        for _ in range(89):
            await shop.key("acme")
        answers = await asyncio.gather(*(owner.ask("POST", KEYS, {"kind": "secret"}) for _ in range(30)))
        statuses = [answer.status_code for answer in answers]
        assert (statuses.count(201), statuses.count(409)) == (10, 20)
        async with shop.database.reading() as session:
            live = await session.scalar(select(func.count()).select_from(KeyRow).where(KeyRow.revoked_at.is_(None)))
        assert live == 100
        made = [answer.json() for answer in answers if answer.status_code == 201]
        path = f"{KEYS}/{made[0]['id']}/rotate"
        assert (await owner.ask("POST", path, {"overlap_seconds": 60})).status_code == 409, (
            "for a while there would be 101"
        )
        assert await works(shop, made[0]["key"]) == 200, "what is refused changes nothing"
        assert (await owner.ask("POST", path, {"overlap_seconds": 0})).status_code == 201
        assert (await owner.ask("DELETE", f"{KEYS}/{made[1]['id']}")).status_code == 204
        await owner.make()
        assert (await owner.ask("POST", KEYS, {"kind": "secret"})).status_code == 409
