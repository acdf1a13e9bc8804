"""Problems: every refusal and failure as RFC 9457 tells it, whatever raised it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from frontage.base.clock import utc_now
from frontage.base.database import is_unavailable
from frontage.base.errors import FrontageError

MEDIA_TYPE = b"application/problem+json"
Header = tuple[bytes, bytes]


class _Kind(NamedTuple):
    status: int
    title: str
    """The phrase of RFC 9110; those of the standard library differ between Python versions."""
    detail: str
    retryable: bool = False


KINDS = {
    "bad_request": _Kind(400, "Bad Request", "The request could not be read."),
    "unauthorized": _Kind(401, "Unauthorized", "A valid API key is required."),
    "forbidden": _Kind(403, "Forbidden", "This key may not do that."),
    "not_found": _Kind(404, "Not Found", "The requested resource was not found."),
    "method_not_allowed": _Kind(405, "Method Not Allowed", "This method is not allowed here."),
    "conflict": _Kind(409, "Conflict", "The request conflicts with the current state."),
    "gone": _Kind(410, "Gone", "The requested resource is gone."),
    "precondition_failed": _Kind(412, "Precondition Failed", "The resource has changed since it was read."),
    "payload_too_large": _Kind(413, "Content Too Large", "The body is too large."),
    "unsupported_media_type": _Kind(415, "Unsupported Media Type", "Send the body without a content encoding."),
    "validation_error": _Kind(422, "Unprocessable Content", "The request is not valid."),
    "rate_limited": _Kind(429, "Too Many Requests", "Too many requests; try again later.", retryable=True),
    "internal_error": _Kind(500, "Internal Server Error", "Something went wrong on our side.", retryable=True),
    "unavailable": _Kind(503, "Service Unavailable", "The service cannot do that right now.", retryable=True),
}
_CODES = {kind.status: code for code, kind in KINDS.items()}
WHOLE_BODY = "body"
"""The field of an error that concerns the body as a whole."""


class FieldProblem(msgspec.Struct, frozen=True):
    """One wrong field of a request; the offending value is never told."""

    field: str
    message: str


class Problem(FrontageError):  # noqa: N818  # the RFC's own word
    """A refusal as the client will see it."""

    def __init__(
        self,
        code: str,
        detail: str | None = None,
        *,
        errors: Sequence[FieldProblem] = (),
        headers: Sequence[Header] = (),
        extra: dict[str, Any] | None = None,
    ) -> None:
        self.kind = KINDS[code]
        self.code = code
        self.errors = tuple(errors)
        self.headers = tuple(headers)
        self.extra = extra or {}
        super().__init__(detail or self.kind.detail)

    def body(self, type_base: str, at: datetime | None = None) -> dict[str, Any]:
        """The members of the problem document."""
        members = {
            "type": f"{type_base}/{self.code}",
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            "error_code": self.code,
            "retryable": self.kind.retryable,
            "timestamp": (at or utc_now()).isoformat(timespec="seconds"),
        }
        if self.errors:
            members["errors"] = self.errors
        return members | self.extra


def invalid(field: str, message: str) -> Problem:
    """A validation problem of one field."""
    return Problem("validation_error", errors=[FieldProblem(field, message)])


def problem_of(error: BaseException) -> Problem:
    """The problem that an error is told as; one that nobody foresaw is an internal error and tells nothing."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, FrontageError):
        return _problem_of_ours(error)
    if is_unavailable(error):
        return Problem("unavailable", headers=[(b"retry-after", b"5")])
    return Problem("internal_error")


def problem_of_status(status: int, headers: Sequence[Header] = ()) -> Problem:
    """The problem for a bare status, as routers and libraries raise them."""
    code = _CODES.get(status, "bad_request" if status < 500 else "internal_error")
    return Problem(code, headers=headers)


def _problem_of_ours(error: FrontageError) -> Problem:
    if error.error_code == "internal_error":
        return Problem("internal_error")
    fields = [FieldProblem(field, message) for field, message in getattr(error, "errors", ())]
    headers = [(b"retry-after", b"%d" % seconds)] if (seconds := getattr(error, "retry_after", None)) else []
    detail = None if error.error_code == "unavailable" else error.detail
    return Problem(error.error_code, detail, errors=fields, headers=headers)
