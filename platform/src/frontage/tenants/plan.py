"""What an apply would change: tenants as they are against tenants as their files say.

Nothing here touches a database. A tenant is never deleted by a plan: without a file it is suspended.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from frontage.base.errors import ConfigurationError, Mistake
from frontage.base.ids import to_short
from frontage.tenants.definition import TenantDefinition
from frontage.tenants.tenant import LARGEST_NUMBER

_SHARE_THAT_MAY_BE_SUSPENDED = 0.2
_COLUMNS = ("slug", "number", "name", "timezone", "currency", "status", "privacy_signals")


class ChangeKind(StrEnum):
    """What becomes of a tenant."""

    CREATE = "create"
    UPDATE = "update"
    SUSPEND = "suspend"
    RESUME = "resume"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a tenant; None stands for what was or will be absent."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Change:
    """One tenant that an apply would change; `before` is None for a new one."""

    kind: ChangeKind
    before: TenantDefinition | None
    after: TenantDefinition
    fields: tuple[FieldChange, ...]

    @property
    def slug(self) -> str:
        """The name by which people know the tenant after the change."""
        return self.after.slug

    @property
    def moves(self) -> bool:
        """Whether an existing tenant gives up its number or slug."""
        before, after = self.before, self.after
        return before is not None and (before.number, before.slug) != (after.number, after.slug)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that an apply would do."""

    changes: tuple[Change, ...]
    unchanged: tuple[str, ...]
    active_before: int

    @property
    def suspending(self) -> list[str]:
        """The active tenants that would be suspended, by their file or for the want of one."""
        return [change.slug for change in self.changes if change.kind is ChangeKind.SUSPEND]

    def refuse_mass_suspension(self, directory: Path) -> None:
        """Raise when so many would be suspended that a missing folder is likelier than an intention."""
        suspending = len(self.suspending)
        many = suspending > 1 and suspending > self.active_before * _SHARE_THAT_MAY_BE_SUSPENDED
        if not (many or 0 < suspending == self.active_before):
            return
        mistake = Mistake(
            where=str(directory),
            key="tenants to suspend",
            value=", ".join(self.suspending),
            expected=f"no more than one, or a fifth, of the {self.active_before} active tenants, and never all",
            fix="Put their files back, or mean it: frontage tenants apply --allow-suspend",
        )
        raise ConfigurationError([mistake])


def plan(current: Sequence[TenantDefinition], wanted: Sequence[TenantDefinition], directory: Path = Path()) -> Plan:
    """Compare the tenants that exist with those of the files; conflicts between them are raised together."""
    mistakes = conflicts(current, wanted, directory)
    if mistakes:
        raise ConfigurationError(mistakes)
    resolved = _with_ids(current, wanted)
    known = {definition.id: definition for definition in current}
    kept = {definition.id for definition in resolved}
    pairs = [(known.get(after.id) if after.id else None, after) for after in resolved]
    pairs += [(before, replace(before, status="suspended")) for before in current if before.id not in kept]
    changes = [change for before, after in pairs if (change := _compare(before, after))]
    changed = {change.slug for change in changes}
    return Plan(
        changes=tuple(changes),
        unchanged=tuple(after.slug for after in resolved if after.slug not in changed),
        active_before=sum(definition.status == "active" for definition in current),
    )


def conflicts(
    current: Sequence[TenantDefinition], wanted: Sequence[TenantDefinition], directory: Path = Path()
) -> list[Mistake]:
    """Every number, slug and id of the files that belongs to another tenant, also to a suspended one without a file."""
    resolved = _with_ids(current, wanted)
    claimed = {definition.id for definition in resolved}
    without_file = [definition for definition in current if definition.id not in claimed]
    numbers = {definition.number: definition for definition in without_file}
    slugs = {definition.slug: definition for definition in without_file}
    identifiers: dict[Any, TenantDefinition] = {}
    free = free_numbers({definition.number for definition in [*current, *wanted]})
    mistakes = []
    for definition in resolved:
        where = str(directory / f"{definition.slug}.toml")
        owner = identifiers.setdefault(definition.id, definition) if definition.id else definition
        if owner is not definition:
            mistakes.append(_foreign_id(where, definition, owner))
        owner = slugs.setdefault(definition.slug, definition)
        if owner is not definition:
            mistakes.append(_foreign_slug(where, definition, owner))
            continue  # its number is most likely the owner's too
        owner = numbers.setdefault(definition.number, definition)
        if owner is not definition:
            mistakes.append(_foreign_number(where, definition, owner, next(free), renamed=owner in without_file))
    return mistakes


def free_numbers(taken: Collection[int]) -> Iterator[int]:
    """Numbers that no tenant has, from the next one on; a gap only when the largest is taken."""
    highest = max(taken, default=0)
    first = highest + 1 if highest < LARGEST_NUMBER else 1
    return (number for number in count(first) if number not in taken)


def _with_ids(current: Sequence[TenantDefinition], wanted: Sequence[TenantDefinition]) -> list[TenantDefinition]:
    by_slug = {definition.slug: definition.id for definition in current}
    return [replace(definition, id=definition.id or by_slug.get(definition.slug)) for definition in wanted]


def _compare(before: TenantDefinition | None, after: TenantDefinition) -> Change | None:
    old, new = _flat(before) if before else {}, _flat(after)
    fields = tuple(
        FieldChange(field, old.get(field), new.get(field))
        for field in dict.fromkeys([*new, *old])
        if not _same(old.get(field), new.get(field))
    )
    if not fields:
        return None
    kind = ChangeKind.UPDATE
    if before is None:
        kind = ChangeKind.CREATE
    elif before.status != after.status:
        kind = ChangeKind.SUSPEND if after.status == "suspended" else ChangeKind.RESUME
    return Change(kind, before, after, fields)


def _flat(definition: TenantDefinition) -> dict[str, Any]:
    fields: dict[str, Any] = {name: getattr(definition, name) for name in _COLUMNS}
    fields |= {f"policies.{name}": text for name, text in definition.policies.items()}
    for slug, plugin in definition.plugins.items():
        fields[f"plugins.{slug}"] = "on"
        fields[f"plugins.{slug}.settings_version"] = plugin.settings_version
        fields |= {f"plugins.{slug}.{key}": value for key, value in plugin.settings.items()}
    return fields


def _same(before: object, after: object) -> bool:
    # Python holds True, 1 and 1.0 to be equal; a plugin's settings do not.
    return msgspec.json.encode(before, order="deterministic") == msgspec.json.encode(after, order="deterministic")


def _foreign_id(where: str, definition: TenantDefinition, owner: TenantDefinition) -> Mistake:
    assert definition.id is not None
    return Mistake(
        where,
        "id",
        to_short(definition.id),
        f'an id of its own: this one is that of "{owner.slug}", which has a file too',
        "Leave id out of a copied file and a new one is made; to rename a tenant, rename its file.",
    )


def _foreign_slug(where: str, definition: TenantDefinition, owner: TenantDefinition) -> Mistake:
    assert definition.id is not None
    assert owner.id is not None
    return Mistake(
        where,
        "id",
        to_short(definition.id),
        f'"{to_short(owner.id)}", the id of the {owner.status} tenant "{owner.slug}"',
        "Leave id out to go on with that tenant, or name the file of a new tenant otherwise.",
    )


def _foreign_number(
    where: str, definition: TenantDefinition, owner: TenantDefinition, free: int, *, renamed: bool
) -> Mistake:
    fix = f"The next free number is {free}: number = {free}."
    if renamed and owner.id:
        fix += f' If this is "{owner.slug}" under a new name, keep the number and add id = "{to_short(owner.id)}".'
    return Mistake(
        where,
        "number",
        definition.number,
        f'a number of its own: this one is that of {owner.status} "{owner.slug}"',
        fix,
    )
