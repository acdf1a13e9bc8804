"""Hot routes of plugins: what pages call, answered in front of the router in a few microseconds."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

from msgspec import Struct

from frontage.edge.answers import Answer
from frontage.edge.gate import SMALL_BODY, Check, Gate, OffAnswer, Refuse
from frontage.edge.hot import Described, HotCall, HotRoute, QueryReader, Reader
from frontage.edge.lenient import BodyReader
from frontage.edge.sources import TenantSource
from frontage.intake.stream import Event
from frontage.plugin.context import PluginContext

B = TypeVar("B")
S = TypeVar("S")
Handler = Callable[[Any], Awaitable[Answer]]


class HotRequest(HotCall, Generic[B, S]):
    """A request as a hot handler receives it: `body` is what was sent, `settings` are the tenant's."""

    __slots__ = ()

    body: B
    settings: S
    context: PluginContext

    async def accept(self, events: Event | Sequence[Event]) -> None:
        """Keep events of the request's tenant; they are on disk when this returns, and a refusal becomes a 503."""
        await self.context.intake.accept(events, tenant=self.tenant.id if self.tenant else None)


def post(
    path: str,
    *,
    body: type[Struct] | Reader[Any],
    tenant: TenantSource,
    limit: tuple[str, ...],
    off: OffAnswer,
    forms: bool = False,
    schema: Any = None,
    public: bool = True,
    cap: int = SMALL_BODY,
    refuse: Refuse | None = None,
    raises: tuple[int, ...] = (),
    refusals: tuple[int, ...] | None = None,
    check: Check | None = None,
    **words: Any,
) -> Callable[[Handler], HotRoute]:
    """A route that takes a body: a Struct, or a reader of your own together with the `schema` that describes it.

    A contract that keeps silent names in `refusals` what it still tells. `check` looks at a request that names its
    tenant in the body before it costs any quota.
    """
    reader = BodyReader(body, forms=forms) if isinstance(body, type) else body
    gate = Gate(
        tenant, tuple(limit), off,
        public=public, cap=cap, refuse=refuse, raises=raises, refusals=refusals, check=check,
    )  # fmt: skip
    described = schema or (body if isinstance(body, type) else None)

    def declare(handler: Handler) -> HotRoute:
        told = _described(handler, body=described, **{"status": 204, **words})
        return HotRoute("POST", path, gate, handler, told, reader=reader, request_type=HotRequest)

    return declare


def get(
    path: str,
    *,
    query: type[Struct] | None = None,
    tenant: TenantSource,
    limit: tuple[str, ...],
    off: OffAnswer,
    public: bool = True,
    refuse: Refuse | None = None,
    raises: tuple[int, ...] = (),
    refusals: tuple[int, ...] | None = None,
    **words: Any,
) -> Callable[[Handler], HotRoute]:
    """A route that reads; its `query` arrives as the request's body."""
    gate = Gate(tenant, tuple(limit), off, public=public, refuse=refuse, raises=raises, refusals=refusals)
    reader = None if query is None else QueryReader(query)

    def declare(handler: Handler) -> HotRoute:
        told = _described(handler, query=query, **{"status": 200, **words})
        return HotRoute("GET", path, gate, handler, told, query=reader, request_type=HotRequest)

    return declare


def _described(handler: Handler, **words: Any) -> Described:
    name = getattr(handler, "__name__", "route")
    words.setdefault("summary", name.replace("_", " ").capitalize())
    words.setdefault("description", handler.__doc__)
    return Described(**words)
