"""What a rule of the contract is: something that must hold of every plugin, and why."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

GUIDE = "plugins/README.md"
"""Where the rules are explained, beside the platform's sources."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Where a plugin breaks a rule, and how to mend it."""

    what: str
    fix: str


class NotJudgedError(Exception):
    """A rule cannot be judged because the plugin breaks an earlier one; the text says which."""


class UnmakeableRowError(Exception):
    """A rule needs a row that cannot be made up from its table alone."""

    def __init__(self, table: str, reason: str) -> None:
        super().__init__(f"{table}: {reason}")
        fix = f"Give the values that it needs in pyproject.toml: [tool.frontage.contract.values.{table}]."
        self.finding = Finding(f"No row of {table} can be made up: {reason}", fix)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `check` takes a Subject and yields findings, or a Scene and yields them asynchronously."""

    id: str
    sentence: str
    reason: str
    check: Callable[[Any], Any]

    @property
    def page(self) -> str:
        """Where the guide explains it."""
        return f"{GUIDE}#{self.id}"

    def verdict(self, slug: str, findings: Sequence[Finding]) -> str:
        """What the author of a plugin reads when it breaks the rule."""
        found = "\n".join(f"  found: {one.what}\n    fix: {one.fix}" for one in findings)
        explained = f"    why: {self.reason}\n   more: {self.page}"
        return f"{slug} breaks the rule {self.id}: {self.sentence}\n{found}\n{explained}"


def rule(id_: str, sentence: str, *, reason: str) -> Callable[[Callable[[Any], Any]], Rule]:
    """Make a rule of the function that finds what breaks it."""
    return lambda check: Rule(id_, sentence, reason, check)


def rules_of(*modules: ModuleType) -> tuple[Rule, ...]:
    """The rules that modules hold, in the order in which they stand there."""
    return tuple(value for module in modules for value in vars(module).values() if isinstance(value, Rule))
