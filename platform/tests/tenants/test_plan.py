"""What a plan changes, what it refuses, and when it is too much."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from frontage.base.errors import ConfigurationError
from frontage.base.ids import to_short
from frontage.tenants.definition import PluginDefinition, TenantDefinition
from frontage.tenants.plan import ChangeKind, FieldChange, conflicts, free_numbers, plan
from frontage.tenants.tenant import LARGEST_NUMBER

A, B, C = UUID(int=10), UUID(int=11), UUID(int=12)
ACME = TenantDefinition("acme", 1, "Acme", id=A)
BOLT = TenantDefinition("bolt", 2, "Bolt", id=B)


def suspended(definition):
    return replace(definition, status="suspended")


def test_nothing_to_do_is_a_plan_without_changes():
    planned = plan([ACME, BOLT], [replace(ACME, id=None), BOLT])
    assert planned.changes == ()
    assert planned.unchanged == ("acme", "bolt")


@pytest.mark.parametrize(
    ("current", "wanted", "kind", "tenant_id"),
    [
        pytest.param([], [replace(ACME, id=None)], ChangeKind.CREATE, None, id="new"),
        pytest.param([], [ACME], ChangeKind.CREATE, A, id="new, with its id"),
        pytest.param([ACME], [replace(ACME, id=None, name="Acme Ltd")], ChangeKind.UPDATE, A, id="keeps its id"),
        pytest.param([ACME], [replace(ACME, slug="acme-ltd")], ChangeKind.UPDATE, A, id="renamed by id"),
        pytest.param([ACME], [], ChangeKind.SUSPEND, A, id="file gone"),
        pytest.param([ACME], [suspended(ACME)], ChangeKind.SUSPEND, A, id="file says so"),
        pytest.param([suspended(ACME)], [replace(ACME, id=None)], ChangeKind.RESUME, A, id="file is back"),
    ],
)
def test_what_becomes_of_one_tenant(current, wanted, kind, tenant_id):
    [change] = plan(current, wanted).changes
    assert (change.kind, change.after.id) == (kind, tenant_id)


def test_a_suspended_tenant_without_a_file_stays_as_it_is():
    assert plan([suspended(ACME)], []).changes == ()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"slug": "acme-ltd"}, FieldChange("slug", "acme", "acme-ltd")),
        ({"number": 9}, FieldChange("number", 1, 9)),
        ({"name": "X"}, FieldChange("name", "Acme", "X")),
        ({"timezone": "Asia/Tokyo"}, FieldChange("timezone", "UTC", "Asia/Tokyo")),
        ({"currency": "EUR"}, FieldChange("currency", "HNL", "EUR")),
        ({"privacy_signals": "drop"}, FieldChange("privacy_signals", "anonymise", "drop")),
        ({"policies": {"secret": "1;w=1"}}, FieldChange("policies.secret", None, "1;w=1")),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_every_field_is_compared(changed, field):
    assert plan([ACME], [replace(ACME, **changed)]).changes[0].fields == (field,)


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        pytest.param(PluginDefinition({}, 1), None, FieldChange("plugins.p", "on", None), id="off"),
        pytest.param(None, PluginDefinition({}, 1), FieldChange("plugins.p", None, "on"), id="on"),
        pytest.param(
            PluginDefinition({"a": 1}, 1),
            PluginDefinition({"a": True}, 1),
            FieldChange("plugins.p.a", 1, True),
            id="true",
        ),
        pytest.param(
            PluginDefinition({"a": 1}, 1),
            PluginDefinition({"a": 1.0}, 1),
            FieldChange("plugins.p.a", 1, 1.0),
            id="float",
        ),
        pytest.param(
            PluginDefinition({}, 1),
            PluginDefinition({}, 2),
            FieldChange("plugins.p.settings_version", 1, 2),
            id="version",
        ),
    ],
)
def test_every_setting_of_a_plugin_is_compared(before, after, field):
    old, new = (replace(ACME, plugins={"p": one} if one else {}) for one in (before, after))
    assert field in plan([old], [new]).changes[0].fields


def test_the_order_of_a_settings_members_changes_nothing():
    one, other = (PluginDefinition({"t": members}, 1) for members in ({"a": 1, "b": 2}, {"b": 2, "a": 1}))
    assert plan([replace(ACME, plugins={"p": one})], [replace(ACME, plugins={"p": other})]).changes == ()


@pytest.mark.parametrize(
    ("current", "wanted", "key", "words"),
    [
        pytest.param(
            [ACME, BOLT],
            [ACME, replace(BOLT, number=1)],
            "number",
            ['"acme"', "free number is 3"],
            id="number of a neighbour",
        ),
        pytest.param(
            [suspended(ACME)],
            [TenantDefinition("new", 1, "New")],
            "number",
            ['suspended "acme"', "free number is 2", to_short(A)],
            id="number of a suspended one without a file",
        ),
        pytest.param(
            [], [replace(ACME, id=None), TenantDefinition("b", 1, "B")], "number", ['"acme"', "is 2"], id="number twice"
        ),
        pytest.param(
            [suspended(ACME)],
            [TenantDefinition("acme", 5, "Acme", id=C)],
            "id",
            [to_short(A), "Leave id out"],
            id="slug of a suspended one",
        ),
        pytest.param(
            [BOLT, suspended(ACME)],
            [replace(BOLT, slug="acme")],
            "id",
            [to_short(A), '"acme"'],
            id="renamed to the slug of a suspended one",
        ),
        pytest.param([], [ACME, replace(BOLT, id=A)], "id", ['"acme"', "Leave id out"], id="id twice"),
        pytest.param(
            [ACME],
            [replace(ACME, id=None), replace(BOLT, id=A)],
            "id",
            ['"acme"', "Leave id out"],
            id="copied with its id",
        ),
    ],
)
def test_what_belongs_to_another_tenant_is_refused_with_its_owner(current, wanted, key, words):
    with pytest.raises(ConfigurationError) as caught:
        plan(current, wanted, Path("shops"))
    [mistake] = caught.value.mistakes
    assert mistake.key == key
    assert mistake.where == f"shops/{wanted[-1].slug}.toml"
    for word in words:
        assert word in str(mistake)


def test_two_conflicts_are_told_two_free_numbers():
    mistakes = conflicts([ACME], [ACME, TenantDefinition("b", 1, "B"), TenantDefinition("c", 1, "C")])
    assert ["free number is 2" in mistakes[0].fix, "free number is 3" in mistakes[1].fix] == [True, True]


def test_numbers_and_slugs_may_be_swapped():
    planned = plan([ACME, BOLT], [replace(ACME, slug="bolt", number=2), replace(BOLT, slug="acme", number=1)])
    assert [change.kind for change in planned.changes] == [ChangeKind.UPDATE, ChangeKind.UPDATE]
    assert planned.unchanged == ()


def test_a_slug_set_free_by_a_rename_can_be_taken_at_once():
    planned = plan([ACME], [replace(ACME, slug="acme-ltd"), TenantDefinition("acme", 2, "New", id=C)])
    assert [change.kind for change in planned.changes] == [ChangeKind.UPDATE, ChangeKind.CREATE]


@pytest.mark.parametrize(
    ("active", "suspending", "refused"),
    [
        (1, 1, True),
        (2, 1, False),
        (2, 2, True),
        (5, 1, False),
        (9, 2, True),
        (10, 2, False),
        (14, 3, True),
        (0, 0, False),
    ],
)
def test_a_mass_suspension_is_refused(active, suspending, refused):
    current = [TenantDefinition(f"t{n}", n, "T", id=UUID(int=n)) for n in range(1, active + 1)]
    current.append(suspended(TenantDefinition("old", 99, "Old", id=UUID(int=99))))
    planned = plan(current, current[suspending:])
    assert len(planned.suspending) == suspending
    if not refused:
        planned.refuse_mass_suspension(Path("shops"))
        return
    with pytest.raises(ConfigurationError, match=r"--allow-suspend") as caught:
        planned.refuse_mass_suspension(Path("shops"))
    assert all(slug in str(caught.value) for slug in planned.suspending)


def test_a_mass_suspension_by_status_is_refused_too():
    with pytest.raises(ConfigurationError):
        plan([ACME, BOLT], [suspended(ACME), suspended(BOLT)]).refuse_mass_suspension(Path())


@pytest.mark.parametrize(
    ("taken", "free"), [(set(), [1, 2]), ({1, 2}, [3, 4]), ({1, 7}, [8, 9]), ({1, LARGEST_NUMBER}, [2, 3])]
)
def test_free_numbers_follow_the_largest(taken, free):
    numbers = free_numbers(taken)
    assert [next(numbers), next(numbers)] == free
