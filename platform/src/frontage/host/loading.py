"""Loading: every plugin is imported by itself, in a thread with a time budget, and what it raises stays its own."""

import importlib
import threading
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from frontage.host.claims import clash, is_claim
from frontage.host.discovery import Candidate
from frontage.host.errors import PluginError, Stage, told
from frontage.host.roster import Entry, Roster
from frontage.host.vetting import PLATFORM, vet_declaration, vet_metadata
from frontage.plugin.declaration import Plugin

T = TypeVar("T")

IMPORT_SECONDS = 10.0


def load_roster(
    candidates: Sequence[Candidate], *, seniority: Sequence[str] = (), import_seconds: float = IMPORT_SECONDS
) -> Roster:
    """Read every declaration and refuse clashes; of two that clash, the one that was here first (`seniority`) stays."""
    roster = Roster([Entry(candidate) for candidate in candidates])
    _refuse_twins(roster)
    for entry in roster.serving:
        _guarded(entry, _read_declaration, import_seconds)
    _refuse_clashes(roster, seniority)
    return roster


def load_parts(roster: Roster, *, import_seconds: float = IMPORT_SECONDS) -> None:
    """Import the routes and tables of every plugin that is still in service."""
    from frontage.host.parts import import_parts

    for entry in roster.serving:
        _guarded(entry, import_parts, import_seconds)


def resolve(reference: str) -> Any:
    """The object behind `"package.module:attribute"`."""
    module, _, attribute = reference.partition(":")
    loaded = importlib.import_module(module)
    return getattr(loaded, attribute) if attribute else loaded


def package_folder(candidate: Candidate) -> Path:
    """The folder of a plugin's package."""
    module = importlib.import_module(candidate.package)
    if module.__file__ is None:
        raise PluginError(Stage.REFUSED, f"its package {candidate.package} has no folder")
    return Path(module.__file__).parent


def within_budget(work: Callable[[], T], seconds: float) -> T:
    """Run `work` in a thread of its own; give up on it after `seconds`, and pass on whatever it raises."""
    outcome: list[T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(work())
        except BaseException as error:  # noqa: BLE001  # a plugin may even call sys.exit() while it is imported
            failure.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if failure:
        raise failure[0]
    if not outcome:
        raise TimeoutError(f"it took longer than {seconds:g} seconds; do slow work in start= or in a job")
    return outcome[0]


def _guarded(entry: Entry, step: Callable[[Entry], None], seconds: float) -> None:
    try:
        within_budget(lambda: step(entry), seconds)
    except PluginError as error:
        entry.stop(error)
    except TimeoutError as error:
        entry.stop(PluginError(Stage.IMPORT_FAILED, str(error)))
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        # One of the host's containment points: whatever a plugin's import raises, its neighbours serve.
        entry.stop(PluginError(Stage.IMPORT_FAILED, told(error)))


def _refuse_twins(roster: Roster) -> None:
    for entry in roster:
        twins = [other.candidate.distribution for other in roster if other.slug == entry.slug and other is not entry]
        if twins:
            sources = f"{entry.candidate.distribution} and from {', '.join(twins)}"
            reason = f"the slug {entry.slug} comes from {sources}; uninstall one"
            entry.stop(PluginError(Stage.REFUSED, reason))


def _read_declaration(entry: Entry) -> None:
    vet_metadata(entry.candidate, version(PLATFORM))
    declared = entry.candidate.entry_point.load()
    if isinstance(declared, Plugin):
        # Also of a declaration that is about to be refused: what it claims answers in its name.
        entry.claims = tuple(path for path in declared.paths if is_claim(path))
    entry.plugin = vet_declaration(entry.candidate, declared)


def _refuse_clashes(roster: Roster, seniority: Sequence[str]) -> None:
    rank = {slug: place for place, slug in enumerate(seniority)}
    accepted: list[Entry] = []
    for entry in sorted(roster.serving, key=lambda one: (rank.get(one.slug, len(rank)), one.slug)):
        reasons = [reason for other in accepted for reason in _clashes(entry, other)]
        if reasons:
            entry.stop(PluginError(Stage.REFUSED, "; ".join(reasons)))
        else:
            accepted.append(entry)


def _clashes(entry: Entry, other: Entry) -> list[str]:
    ours, theirs = entry.declared, other.declared
    reasons = [
        f"{entry.slug} ({entry.candidate.distribution}) and {other.slug} ({other.candidate.distribution}) "
        f"both claim {mine}; uninstall one of them"
        for mine in ours.paths
        for its in theirs.paths
        if clash(mine, its)
    ]
    shared = sorted(set(ours.schemas) & set(theirs.schemas))
    if shared:
        reasons.append(f"{entry.slug} and {other.slug} both claim the schema names {', '.join(shared)}")
    if ours.table_prefix.startswith(theirs.table_prefix) or theirs.table_prefix.startswith(ours.table_prefix):
        reasons.append(f"the table prefixes of {entry.slug} and {other.slug} overlap; rename one of them")
    return reasons
