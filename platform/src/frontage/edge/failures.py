"""What the log tells of a request that failed: an absent database in a line, whatever nobody foresaw with its trace."""

from typing import Any

from frontage.base.database import is_unavailable
from frontage.base.logs import get_logger
from frontage.edge.call import Call
from frontage.edge.problems import Problem

log = get_logger(__name__)


def note_failure(error: Exception, problem: Problem, call: Call, **facts: Any) -> None:
    """Write the line that this error is worth; one that the client caused is worth none."""
    if problem.code == "internal_error":
        log.error("request.failed", exc_info=error, **facts, **call.log_fields())
    elif is_unavailable(error):
        log.warning("request.unavailable", reason=type(error).__name__, **facts, **call.log_fields())
