"""Ordinary routes: Litestar handlers behind the same gate, by a guard that runs before anything is parsed."""

import re
from collections.abc import Callable
from typing import Any, cast

from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException, SerializationException, ValidationException
from litestar.handlers import HTTPRouteHandler
from litestar.handlers.base import BaseRouteHandler

from frontage.base.errors import FrontageError
from frontage.edge.answers import Answer, AnswerNow, problem_answer
from frontage.edge.bodies import holds_nul, is_encoded
from frontage.edge.call import SCOPE_KEY, Call
from frontage.edge.failures import note_failure
from frontage.edge.gate import WITH_BODY, Gate
from frontage.edge.path_gates import PathGates
from frontage.edge.problems import WHOLE_BODY, FieldProblem, Problem, invalid, problem_of, problem_of_status

GATE_OPT = "frontage_gate"


def gate_of(handler: BaseRouteHandler) -> Gate | None:
    """The gate of a handler, None when it declares none."""
    gate: Gate | None = handler.opt.get(GATE_OPT)
    return gate


def put_gate(handler: HTTPRouteHandler, gate: Gate) -> None:
    """Put another gate before a handler."""
    handler.opt[GATE_OPT] = gate


def call_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Call:
    """The call that the front opened for a connection."""
    return cast("Call", cast("dict[str, Any]", connection.scope)[SCOPE_KEY])


async def pass_gate(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """The guard of every ordinary route: 413, 415, 401, 403, 429, off, and NUL characters."""
    call = call_of(connection)
    gate = gate_of(handler)
    assert gate is not None, "a route without a gate is never mounted"
    call.gate = gate
    body = b""
    if connection.scope["method"] in WITH_BODY:  # type: ignore[typeddict-item]
        body = await cast("Request[Any, Any, Any]", connection).body()
        if is_encoded(call.headers.get(b"content-encoding")):
            raise Problem("unsupported_media_type")
    await call.keeper.admit(call, gate)
    _refuse_nul(call, body)


def _refuse_nul(call: Call, body: bytes) -> None:
    """Refuse what SQLite would keep and PostgreSQL would not; nobody means a NUL character."""
    if "\0" in call.scope["path"]:
        raise Problem("not_found")
    if b"%00" in call.scope["query_string"]:
        raise invalid("query", "A parameter holds a NUL character.")
    if holds_nul(body):
        raise invalid(WHOLE_BODY, "A text holds a NUL character.")


def answer_error(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Turn whatever an ordinary route raised into its answer."""
    call = call_of(request)
    if isinstance(error, AnswerNow):
        return _response(error.answer)
    problem = _problem_of(error)
    if call.gate is None and problem.code == "method_not_allowed":
        # No handler of the path was asked; its contract has the word all the same.
        gates: PathGates = request.app.state.gates
        call.gate = gates.find(request.scope["path"])
    note_failure(error, problem, call)
    refuse = call.gate.refuse if call.gate else None
    answer = refuse(problem, call) if refuse else problem_answer(problem, call.keeper.type_base)
    return _response(answer)


def _response(answer: Answer) -> Response[bytes]:
    headers = {name.decode(): value.decode("latin-1") for name, value in answer.headers}
    media_type = headers.pop("content-type", "application/octet-stream")
    return Response(answer.body, status_code=answer.status, headers=headers, media_type=media_type)


def _problem_of(error: Exception) -> Problem:
    if isinstance(error, FrontageError):
        return problem_of(error)
    if isinstance(error, ValidationException):
        return Problem("validation_error", errors=list(_fields(error)) or [_WHOLE])
    if isinstance(error, SerializationException | UnicodeDecodeError | RecursionError):
        return Problem("bad_request", "The body is not readable as JSON.")
    if isinstance(error, HTTPException):
        if isinstance(error.__cause__, SerializationException):
            return Problem("bad_request", "The body is not readable as JSON.")
        headers = [(name.encode().lower(), str(value).encode()) for name, value in (error.headers or {}).items()]
        return problem_of_status(error.status_code, headers)
    return problem_of(error)


_MISSING = re.compile(r"Object missing required field `([^`]+)`")
_WHOLE = FieldProblem(WHOLE_BODY, "This is not what was expected.")


def _fields(error: ValidationException) -> list[FieldProblem]:
    extra = error.extra if isinstance(error.extra, list) else []
    named = [FieldProblem(_field(item), _neutral(item)) for item in extra if isinstance(item, dict)]
    return named or [_missing_parameter(str(error.detail))]


def _field(item: dict[str, Any]) -> str:
    key = str(item.get("key") or "")
    missing = _MISSING.match(str(item.get("message", "")))
    names = ["" if key == "data" else key, missing[1] if missing else ""]
    return ".".join(filter(None, names)) or WHOLE_BODY


def _neutral(item: dict[str, Any]) -> str:
    """The message without the offending value, which some of msgspec's messages repeat."""
    message = str(item.get("message", ""))
    if message.startswith("Input data was truncated"):
        return "A JSON document is required."
    if message.startswith("Object contains unknown field"):
        return "Contains a member that is not known."
    if _MISSING.match(message):
        return "Required."
    return message if message.startswith(("Expected", "Object ")) else "This value is not allowed."


def _missing_parameter(detail: str) -> FieldProblem:
    # A missing parameter names itself only in the text: Missing required query parameter 'lat' for path …
    parts = detail.split("'")
    if detail.startswith("Missing required") and len(parts) > 1:
        return FieldProblem(parts[1], "This parameter is required.")
    return _WHOLE


def gated(
    decorator: Callable[..., Any], gate: Gate, path: str, words: dict[str, Any]
) -> Callable[[Any], HTTPRouteHandler]:
    """A Litestar route behind a gate."""
    opt = {GATE_OPT: gate, **words.pop("opt", {})}
    guards = [pass_gate, *words.pop("guards", [])]
    words.setdefault("request_max_body_size", gate.cap)

    def declare(function: Any) -> HTTPRouteHandler:
        told = {"summary": function.__name__.replace("_", " ").capitalize(), **words}
        return cast("HTTPRouteHandler", decorator(path, opt=opt, guards=guards, **told)(function))

    return declare
