"""Why a plugin does not serve."""

from enum import StrEnum

from frontage.base.errors import FrontageError

CONTAINED = (Exception, SystemExit)
"""What is caught where a plugin's code runs: anything that it raises, and even `sys.exit()`."""


class Stage(StrEnum):
    """How far a plugin came; everything but `serving` is where it stopped."""

    INCOMPATIBLE = "incompatible"
    IMPORT_FAILED = "import-failed"
    REFUSED = "refused"
    MIGRATION_FAILED = "migration-failed"
    START_FAILED = "start-failed"
    SERVING = "serving"


class PluginError(FrontageError):
    """A plugin stopped at a stage; the text names the reason and the fix."""

    def __init__(self, stage: Stage, reason: str) -> None:
        super().__init__(reason)
        self.stage = stage


def told(error: BaseException) -> str:
    """What a plugin raised, in one line."""
    first, *_ = str(error).splitlines() or [""]
    return f"{type(error).__name__}: {first}".rstrip(": ")


class NoSuchPluginError(FrontageError):
    """No plugin with this slug is installed."""

    error_code = "not_found"
    status = 404
