"""Answers of hot routes: rendered once where they never change, and never shared where they do."""

from collections.abc import Sequence
from typing import Any

import msgspec

from frontage.edge.problems import MEDIA_TYPE, Header, Problem

JSON_TYPE = (b"content-type", b"application/json")
_encode = msgspec.json.Encoder().encode


class Answer(msgspec.Struct, frozen=True):
    """A status, a body and its headers; limits, CORS and the rest are added on the way out.

    A Struct for speed: one is made for most requests.
    """

    status: int
    body: bytes = b""
    headers: tuple[Header, ...] = ()


class AnswerNow(Exception):  # noqa: N818  # it is no error: a gate answers in place of the handler
    """Ends a request with an answer before its handler runs."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


NO_CONTENT = Answer(204)


def json_answer(value: Any, status: int = 200, headers: Sequence[Header] = ()) -> Answer:
    """An answer whose body is `value` as JSON."""
    return Answer(status, _encode(value), (JSON_TYPE, *headers))


def problem_answer(problem: Problem, type_base: str) -> Answer:
    """A problem as an answer."""
    headers = ((b"content-type", MEDIA_TYPE), *problem.headers)
    return Answer(problem.kind.status, _encode(problem.body(type_base)), headers)
