"""Refusals in the words of the two event APIs: their clients look at `success`, `message` and `errors`."""

from collections import defaultdict

from frontage.plugin import Answer, Call, FieldProblem, Problem, json_answer, problem_answer

RATE_LIMITED = {"success": False, "message": "Rate limit exceeded"}
_INVALID = "Invalid data"


def told(problem: Problem, call: Call) -> Answer:
    """A problem document that also says what these clients look for."""
    extra = {**problem.extra, "success": False, "message": problem.detail}
    plain = Problem(problem.code, problem.detail, errors=problem.errors, headers=problem.headers, extra=extra)
    return problem_answer(plain, call.keeper.type_base)


def refuse_landing(problem: Problem, call: Call) -> Answer:
    """A refusal of the landing API."""
    if problem.code == "validation_error":
        return json_answer({"success": False, **invalid_data(problem.errors)}, 422)
    if problem.code == "rate_limited":
        return json_answer(RATE_LIMITED, 429)
    return told(problem, call)


def refuse_commerce(problem: Problem, call: Call) -> Answer:
    """A refusal of the commerce API."""
    if problem.code == "validation_error":
        return json_answer(invalid_data(problem.errors), 422)
    return told(problem, call)


def invalid_data(problems: tuple[FieldProblem, ...]) -> dict[str, object]:
    """What is wrong, by field."""
    errors: defaultdict[str, list[str]] = defaultdict(list)
    for problem in problems:
        errors[problem.field].append(problem.message)
    return {"message": _INVALID, "errors": errors}
