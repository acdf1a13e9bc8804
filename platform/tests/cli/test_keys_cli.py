"""`frontage keys` on both databases: what is made, shown, ended and refused, and in which words."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from frontage.base.ids import looks_short
from frontage.tenants.key_format import is_well_formed


def make(desk, *words, kind="secret", tenant="acme"):
    return desk("keys", "create", tenant, "--kind", kind, "--json", *words).json


def listed(desk, tenant="acme"):
    return {one["id"]: one for one in desk("keys", "list", tenant, "--json").json}


@pytest.mark.parametrize("kind", ["secret", "publishable"])
def test_create_prints_one_object_with_id_and_key(desk, kind):
    """A script reads both from one JSON object, and nothing else is printed."""
    made = make(desk, kind=kind)
    assert looks_short(made["id"])
    assert is_well_formed(made["key"])
    assert made["key"].startswith(made["prefix"])
    assert made["kind"] == kind


def test_a_key_has_what_it_was_made_with(desk):
    """Every option of create is seen again in the list."""
    made = make(
        desk,
        "--scope", "kitchen:order",
        "--scope", "keys:write",
        "--origin", "HTTPS://Shop.Example:443",
        "--policy", "5;w=60",
        "--expires", "2090-01-31",
        "--name", " The shop window ",
        kind="publishable",
    )  # fmt: skip
    row = listed(desk)[made["id"]]
    assert row == made | {"key": made["key"]}
    assert row["scopes"] == ["keys:write", "kitchen:order"]
    assert row["allowed_origins"] == ["https://shop.example"]
    assert row["policy"] == "5;w=60"
    assert row["expires_at"] == "2090-01-31T00:00:00Z"
    assert row["name"] == "The shop window"


def test_a_secret_key_is_told_once(desk):
    """Neither list nor audit have the text of a secret key; a publishable one may be shown again."""
    secret, publishable = make(desk)["key"], make(desk, kind="publishable")["key"]
    for words in (("keys", "list", "acme"), ("keys", "list", "acme", "--json"), ("audit", "acme", "--json")):
        assert secret not in desk(*words).out
    assert publishable in desk("keys", "list", "acme", "--json").out


def test_without_json_the_key_stands_alone_on_standard_output(desk):
    """`KEY=$(frontage keys create …)` works, and the rest is told on standard error."""
    made = desk("keys", "create", "acme", "--kind", "secret")
    assert is_well_formed(made.out.strip())
    assert "shown this once" in made.err


@pytest.mark.parametrize("by", ["slug", "number", "id"])
def test_a_tenant_is_named_in_any_form(desk, by):
    """Slug, number and id mean the same tenant."""
    tenant = next(one for one in desk("tenants", "list", "--json").json if one["slug"] == "bolt")
    made = make(desk, tenant=str(tenant[by]))
    assert made["id"] in listed(desk, "bolt")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        pytest.param(["--scope", "everything"], 2, "scopes: Expected scopes among", id="unknown scope"),
        pytest.param(["--origin", "https://a.example"], 2, "A secret key is never sent by a browser", id="origin of a secret key"),
        pytest.param(["--expires", "2001-01-01"], 2, "expires_at: Expected a moment to come", id="past expiry"),
        pytest.param(["--expires", "soon"], 2, "'soon' is no moment; write 2030-01-31", id="unreadable expiry"),
        pytest.param(["--policy", "many"], 2, "policy: Expected windows such as", id="unreadable policy"),
        pytest.param(["--name", "a\nb"], 2, "name: Expected at most", id="unprintable name"),
    ],
)  # fmt: skip
def test_a_wrong_wish_is_refused_with_its_reason(desk, words, code, told):
    """Nothing is made, and the message names the field and what was expected."""
    before = listed(desk)
    assert told in desk("keys", "create", "acme", "--kind", "secret", *words, code=code).err
    assert listed(desk) == before


def test_all_that_is_wrong_is_told_at_once(desk):
    """Nobody mends one field to hear of the next."""
    words = ["--scope", "x:y", "--origin", "shop.example", "--policy", "0;w=1", "--expires", "1999-01-01"]
    told = desk("keys", "create", "acme", "--kind", "publishable", *words, code=2).err
    assert {"scopes", "allowed_origins[0]", "policy", "expires_at"} <= set(re.findall(r"([a-z_]+(?:\[\d+\])?): ", told))


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["keys", "list", "nobody"], id="list"),
        pytest.param(["keys", "create", "nobody", "--kind", "secret"], id="create"),
        pytest.param(["audit", "nobody"], id="audit"),
    ],
)
def test_an_unknown_tenant_is_told_with_the_way_to_find_it(desk, words):
    """The message names the command that shows all tenants."""
    assert "There is no tenant 'nobody'; frontage tenants list shows all." in desk(*words, code=1).err


@pytest.mark.parametrize("command", ["revoke", "rotate"])
@pytest.mark.parametrize("name", ["2" * 22, "zzz", "csb_00000000"])
def test_an_unknown_key_is_told(desk, command, name):
    """An id that nobody has, a text that is none, and a prefix of no key are alike."""
    assert "was not found" in desk("keys", command, name, code=1).err


def test_a_revoked_key_stays_in_the_list(desk):
    """It is marked with the moment, can be named by its prefix, and revoking it again changes nothing."""
    made = make(desk)
    first = desk("keys", "revoke", made["prefix"], "--json").json
    assert first["id"] == made["id"]
    assert first["revoked_at"]
    assert desk("keys", "revoke", made["id"], "--json").json["revoked_at"] == first["revoked_at"]
    assert listed(desk)[made["id"]]["revoked_at"] == first["revoked_at"]


def test_a_rotation_ends_the_old_key_at_once_unless_an_overlap_is_asked_for(desk):
    """The new key is like the old one, which knows its successor."""
    old = make(desk, "--name", "till", "--scope", "keys:write", "--policy", "9;w=9")
    new = desk("keys", "rotate", old["id"], "--json").json
    assert (new["name"], new["scopes"], new["policy"]) == ("till", ["keys:write"], "9;w=9")
    assert new["key"] != old["key"]
    ended = listed(desk)[old["id"]]
    assert ended["revoked_at"]
    assert ended["replaced_by"] == new["id"]


def test_an_overlap_lets_the_old_key_live_that_long(desk):
    """Not revoked, but with an end; a key that ends sooner anyway keeps its own end."""
    old, short = make(desk), make(desk, "--expires", "30m")
    for made in (old, short):
        desk("keys", "rotate", made["id"], "--overlap", "24h")
    rows = listed(desk)
    ends = datetime.fromisoformat(rows[old["id"]]["expires_at"])
    assert rows[old["id"]]["revoked_at"] is None
    assert timedelta(hours=23) < ends - datetime.now(UTC) <= timedelta(hours=24)
    assert rows[short["id"]]["expires_at"] == short["expires_at"]


@pytest.mark.parametrize("overlap", ["soon", "-1h", "1y", ""])
def test_an_unreadable_overlap_is_refused(desk, overlap):
    """With the forms that are read."""
    assert "write 0, 3600, 60m, 24h or 7d" in desk("keys", "rotate", "2" * 22, "--overlap", overlap, code=2).err


def test_a_dead_key_is_not_rotated(desk):
    """A rotation would bring it back to life."""
    made = make(desk)
    desk("keys", "revoke", made["id"])
    assert "revoked or expired; create a new one" in desk("keys", "rotate", made["id"], code=1).err


def test_where_nobody_draws_a_table_nothing_is_cut(desk):
    """In a pipe every row is one line of whole columns, however long they are."""
    origins = [f"https://{number}.a-rather-long-name-of-a-shop.example" for number in range(4)]
    words = [word for origin in origins for word in ("--origin", origin)]
    made = make(desk, "--name", "n" * 100, "--scope", "kitchen:order", *words, kind="publishable")
    rows = {row[0]: row for line in desk("keys", "list", "acme").out.splitlines() if (row := line.split("\t"))}
    assert rows[made["id"]][2:6] == [f"{made['prefix']}…", "n" * 100, "kitchen:order", " ".join(origins)]


def test_the_audit_tells_who_did_what(desk):
    """Creation, rotation and revocation, the newest first, by the account that ran the command."""
    made = make(desk, "--name", "audited", tenant="bolt")
    new = desk("keys", "rotate", made["id"], "--json").json
    desk("keys", "revoke", new["id"])
    entries = desk("audit", "bolt", "--limit", "3", "--json").json
    assert [(one["action"], one["subject"]) for one in entries] == [
        ("key.revoked", new["id"]),
        ("key.rotated", made["id"]),
        ("key.created", made["id"]),
    ]
    assert {one["actor"] for one in entries} == {"cli:tester"}
    assert entries[2]["details"] == {"kind": "secret", "name": "audited", "scopes": [], "prefix": made["prefix"]}
    lines = desk("audit", "bolt", "--limit", "2").out.splitlines()
    assert len(lines) == 2
    assert "key.revoked" in lines[0]
    assert new["id"] in lines[0]
