"""How a check of a plugin is told: for people, as JSON, and as annotations of a pull request on GitHub."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from frontage.testing.judging import Outcome, Verdict


@dataclass(frozen=True, slots=True)
class Report:
    """All verdicts about one plugin; `missing` says of a database why nothing was judged on it."""

    slug: str
    version: str
    verdicts: tuple[Verdict, ...]
    missing: dict[str, str]

    @property
    def is_good(self) -> bool:
        """Whether no rule is broken."""
        return all(verdict.outcome is not Outcome.BROKEN for verdict in self.verdicts)

    @property
    def summary(self) -> str:
        """How many rules came to what."""
        counts = Counter(verdict.outcome for verdict in self.verdicts)
        return ", ".join(f"{counts[outcome]} {outcome.value}" for outcome in Outcome if counts[outcome])


def as_text(report: Report) -> str:
    """Lines for people: every rule with its outcome, and all that is needed to mend the broken ones."""
    lines = [f"{report.slug} {report.version}"]
    for verdict in report.verdicts:
        place = f"{verdict.rule.id} ({verdict.engine})" if verdict.engine else verdict.rule.id
        lines.append(f"  {verdict.outcome.value:<10}  {place:<36}  {verdict.reason or verdict.rule.sentence}")
        for finding in verdict.findings:
            lines += [f"                found: {finding.what}", f"                  fix: {finding.fix}"]
        if verdict.findings:
            lines += [f"                  why: {verdict.rule.reason}", f"                 more: {verdict.rule.page}"]
    lines += [f"  NOT TESTED on {engine}: {reason}" for engine, reason in report.missing.items()]
    return "\n".join([*lines, f"{report.slug}: {report.summary}"])


def as_json(report: Report) -> dict[str, Any]:
    """The same for programs."""
    return {
        "plugin": report.slug,
        "version": report.version,
        "good": report.is_good,
        "not_tested": report.missing,
        "rules": [_verdict_as_json(verdict) for verdict in report.verdicts],
    }


def _verdict_as_json(verdict: Verdict) -> dict[str, Any]:
    rule = verdict.rule
    return {
        "id": rule.id,
        "engine": verdict.engine,
        "outcome": verdict.outcome.value,
        "sentence": rule.sentence,
        "why": rule.reason,
        "page": rule.page,
        "reason": verdict.reason,
        "findings": [{"what": finding.what, "fix": finding.fix} for finding in verdict.findings],
    }


def as_github(report: Report) -> str:
    """Workflow commands: an error for each finding, a notice for each exemption, a warning for what was not judged."""
    return "\n".join([*_annotations(report), f"{report.slug}: {report.summary}"])


def _annotations(report: Report) -> Iterator[str]:
    for verdict in report.verdicts:
        title = f"{report.slug}: {verdict.rule.id}" + (f" ({verdict.engine})" if verdict.engine else "")
        for finding in verdict.findings:
            yield _command("error", title, f"{finding.what} {finding.fix}\nWhy: {verdict.rule.reason}")
        if verdict.outcome is Outcome.EXEMPT:
            yield _command("notice", title, f"exempt: {verdict.reason}")
        if verdict.outcome is Outcome.NOT_JUDGED:
            yield _command("warning", title, f"not judged: {verdict.reason}")
    for engine, reason in report.missing.items():
        yield _command("warning", f"{report.slug}: {engine}", f"not tested: {reason}")


def _command(kind: str, title: str, text: str) -> str:
    return f"::{kind} file=pyproject.toml,title={_escape(title, ':,')}::{_escape(text)}"


def _escape(text: str, further: str = "") -> str:
    for character in "%\r\n" + further:
        text = text.replace(character, f"%{ord(character):02X}")
    return text
