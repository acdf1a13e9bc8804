"""Refusals in the words of the two event APIs: their clients look at `success`, `message` and `errors`."""

from collections import defaultdict
from typing import Any, cast

from frontage.plugin import Answer, Call, FieldProblem, HotRequest, PluginContext, Problem, json_answer, problem_answer
from frontage_landing_analytics.memory import memory_of
from frontage_landing_analytics.streams import DropReason

RATE_LIMITED = {"success": False, "message": "Rate limit exceeded"}
_INVALID = "Invalid data"
_DROPS: dict[str, DropReason] = {
    "rate_limited": "rate_limited",
    "validation_error": "unknown_product",
    "unavailable": "no_room",
    "internal_error": "failed",
}
"""What a refusal of an event is counted as once its tenant is known; of others nobody can say whose they were."""


def told(problem: Problem, call: Call) -> Answer:
    """A problem document that also says what these clients look for."""
    extra = {**problem.extra, "success": False, "message": problem.detail}
    plain = Problem(problem.code, problem.detail, errors=problem.errors, headers=problem.headers, extra=extra)
    return problem_answer(plain, call.keeper.type_base)


def note_refused(problem: Problem, call: Call) -> None:
    """Count an event that was refused, where it is known whose it was."""
    reason, tenant = _DROPS.get(problem.code), call.tenant
    if reason is None or tenant is None or call.gate is None or call.gate.plugin not in tenant.plugins:
        return
    # The gate knows the tenant of a hot route alone.
    context: PluginContext = cast("HotRequest[Any, Any]", call).context
    memory_of(context).drops.note(tenant, reason)


def refuse_landing(problem: Problem, call: Call) -> Answer:
    """A refusal of the landing API."""
    note_refused(problem, call)
    if problem.code == "validation_error":
        return json_answer({"success": False, **invalid_data(problem.errors)}, 422)
    if problem.code == "rate_limited":
        return json_answer(RATE_LIMITED, 429)
    return told(problem, call)


def refuse_commerce(problem: Problem, call: Call) -> Answer:
    """A refusal of the commerce API."""
    note_refused(problem, call)
    if problem.code == "validation_error":
        return json_answer(invalid_data(problem.errors), 422)
    return told(problem, call)


def invalid_data(problems: tuple[FieldProblem, ...]) -> dict[str, object]:
    """What is wrong, by field."""
    errors: defaultdict[str, list[str]] = defaultdict(list)
    for problem in problems:
        errors[problem.field].append(problem.message)
    return {"message": _INVALID, "errors": errors}
