"""Hot routes: a request is answered in one pass in front of the router, top to bottom in `HotRoute._pass`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from frontage.base.errors import FrontageError
from frontage.edge.answers import Answer, AnswerNow, problem_answer
from frontage.edge.bodies import ClientGoneError, UnreadableBodyError, explain, is_encoded, read_body
from frontage.edge.call import Call
from frontage.edge.failures import note_failure
from frontage.edge.gate import Gate
from frontage.edge.problems import WHOLE_BODY, FieldProblem, Problem, invalid, problem_of

T_co = TypeVar("T_co", covariant=True)
Receive = Callable[[], Awaitable[Any]]


class Reader(Protocol[T_co]):
    """Makes something typed of a body's bytes."""

    def read(self, body: bytes) -> T_co:
        """Read a body, or raise an error of `frontage.edge.bodies`."""
        ...


class HotCall(Call):
    """A request of a hot route, as its handler receives it."""

    __slots__ = ("body", "context", "settings")

    body: Any
    """What the body or the query said."""
    settings: Any
    """The tenant's settings of this plugin."""
    context: Any
    """What the host lends the plugin."""


@dataclass(frozen=True, slots=True)
class Described:
    """What the OpenAPI document says of a hot route."""

    summary: str
    operation_id: str | None = None
    description: str | None = None
    body: Any = None
    query: Any = None
    returns: Any = None
    status: int = 204
    tags: tuple[str, ...] = ()
    responses: tuple[tuple[int, str], ...] = ()
    """Further statuses of this contract, each with a sentence."""


@dataclass(frozen=True, slots=True)
class HotRoute:
    """One method and path, what it demands, and the handler that answers."""

    method: str
    path: str
    gate: Gate
    handler: Callable[[Any], Awaitable[Answer]]
    described: Described
    reader: Reader[Any] | None = None
    query: "QueryReader[Any] | None" = None
    request_type: type[HotCall] = HotCall
    context: Any = None

    @property
    def name(self) -> str:
        """The name of its handler."""
        return getattr(self.handler, "__name__", "route")

    async def answer(self, call: HotCall, receive: Receive) -> Answer:
        """Answer a request; whatever happens, something is answered."""
        call.gate, call.context = self.gate, self.context
        try:
            return await self._pass(call, receive)
        except AnswerNow as now:
            return now.answer
        except ClientGoneError:
            raise
        except UnreadableBodyError:
            problem = invalid(WHOLE_BODY, "Expected a JSON document.")
        except FrontageError as error:
            problem = problem_of(error)
        except Exception as error:  # noqa: BLE001
            # A handler's own fault must cost its client an answer, not the connection.
            problem = problem_of(error)
            note_failure(error, problem, call, route=self.path)
        return self.refuse(problem, call)

    def refuse(self, problem: Problem, call: Call) -> Answer:
        """The problem in this route's own words."""
        if self.gate.refuse is not None:
            return self.gate.refuse(problem, call)
        return problem_answer(problem, call.keeper.type_base)

    async def _pass(self, call: HotCall, receive: Receive) -> Answer:
        gate, keeper = self.gate, call.keeper
        raw = b""
        if self.reader is not None:
            raw = await read_body(receive, call.headers.get(b"content-length"), gate.cap)
            if is_encoded(call.headers.get(b"content-encoding")):
                raise Problem("unsupported_media_type")
        if gate.source.in_head:
            await keeper.admit(call, gate)
        call.body = self._read(call, raw)
        if not gate.source.in_head:
            await keeper.admit_body(call, gate, call.body)
        call.settings = call.tenant.plugins[gate.plugin] if gate.plugin and call.tenant else None
        return await self.handler(call)

    def _read(self, call: HotCall, raw: bytes) -> Any:
        if self.reader is not None:
            return self.reader.read(raw)
        return None if self.query is None else self.query.read(call.query)


Q = TypeVar("Q")


class QueryReader(Generic[Q]):
    """Makes a Struct of a query; an empty value counts as absent."""

    def __init__(self, type_: type[Q]) -> None:
        self.type = type_
        fields = msgspec.structs.fields(type_)  # type: ignore[arg-type]
        self._names = frozenset(field.encode_name for field in fields)
        self._required = tuple(field.encode_name for field in fields if field.required)

    def read(self, query: dict[str, str]) -> Q:
        """Read the query, or raise a validation problem that names the parameter."""
        given = {name: value for name, value in query.items() if value != "" and name in self._names}
        for name in self._required:
            if name not in given:
                raise invalid(name, "This parameter is required.")
        try:
            return msgspec.convert(given, self.type, strict=False)
        except msgspec.ValidationError as error:
            raise Problem("validation_error", errors=[FieldProblem(*explain(error))]) from None
