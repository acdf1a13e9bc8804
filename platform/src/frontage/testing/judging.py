"""Judging: one rule, held against one plugin, comes to a verdict that tests and reports show alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from frontage.testing.project import Project
from frontage.testing.rule import Finding, NotJudgedError, Rule, UnmakeableRowError

NEVER_EXEMPT = frozenset({"loads", "exemptions-explained"})
"""Without these two nothing else could be believed."""


class Outcome(StrEnum):
    """What a rule comes to."""

    KEPT = "kept"
    BROKEN = "broken"
    EXEMPT = "exempt"
    NOT_JUDGED = "not-judged"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of one rule; `engine` is the database that it was judged on, if it needs one."""

    rule: Rule
    outcome: Outcome
    engine: str | None = None
    findings: Sequence[Finding] = ()
    reason: str = ""
    """Why it is exempt, or was not judged."""

    def told(self, slug: str) -> str:
        """What the author of a plugin reads."""
        if self.outcome is Outcome.BROKEN:
            return self.rule.verdict(slug, self.findings)
        words = {Outcome.EXEMPT: "is exempt", Outcome.NOT_JUDGED: "cannot be judged"}.get(self.outcome, "is kept")
        return f"{self.rule.id} {words}: {self.reason}" if self.reason else f"{self.rule.id} {words}"


def judge(rule: Rule, find: Callable[[], Sequence[Finding]], project: Project, engine: str | None = None) -> Verdict:
    """Hold a rule against a plugin; one that its project exempts with a reason is not even tried."""
    reason = project.exempt.get(rule.id)
    if is_reason(reason) and rule.id not in NEVER_EXEMPT:
        return Verdict(rule, Outcome.EXEMPT, engine, reason=str(reason))
    try:
        findings = find()
    except NotJudgedError as error:
        return Verdict(rule, Outcome.NOT_JUDGED, engine, reason=str(error))
    except UnmakeableRowError as error:
        findings = [error.finding]
    return Verdict(rule, Outcome.BROKEN if findings else Outcome.KEPT, engine, findings)


def is_reason(words: object) -> bool:
    """Whether an exemption says why."""
    return isinstance(words, str) and len(words.split()) > 1
