"""Quotas that are divided among processes: refused at start where nothing would be left for one of them."""

from collections.abc import Iterator

from frontage.base.errors import ConfigurationError, Mistake
from frontage.base.logs import get_logger
from frontage.host.roster import Roster
from frontage.tenants.directory import Directory
from frontage.tenants.policy import Window

log = get_logger(__name__)


def check_shares(directory: Directory, roster: Roster, processes: int, *, has_store: bool = False) -> None:
    """Refuse quotas smaller than the number of processes, and say that each admits its share.

    With a store that all processes share they divide quotas only while it is away; then a small one is no mistake.
    """
    if processes == 1:
        return
    mistakes = [
        Mistake(where, name, str(window), f"a quota of at least {processes}", "Raise it, or run fewer processes.")
        for where, name, windows in _all_windows(directory, roster)
        for window in windows
        if window.quota < processes
    ]
    if has_store:
        if mistakes:
            meaning = "a process whose share of a quota is nothing refuses it while the store of limits is away"
            log.warning("limits.small_quotas", quotas=len(mistakes), processes=processes, meaning=meaning)
        return
    if mistakes:
        raise ConfigurationError(mistakes)
    log.info("limits.shared", processes=processes, meaning="each process admits its share of every quota, rounded down")


def _all_windows(directory: Directory, roster: Roster) -> Iterator[tuple[str, str, tuple[Window, ...]]]:
    for entry in roster.serving:
        for name, policy in entry.declared.full_policies.items():
            yield f"plugin {entry.slug}", name, policy.windows
    for tenant in directory.tenants:
        for name, windows in tenant.windows.items():
            yield f"tenant {tenant.slug}", name, windows
    for key in directory.keys:
        yield f"tenant {key.tenant.slug}", f"key {key.prefix}", key.windows
