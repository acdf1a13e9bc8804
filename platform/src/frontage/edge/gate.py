"""The one gate that hot and ordinary routes pass: key, limit, plugin on or off, in the contract's order."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from frontage.edge.address import TrustedProxies
from frontage.edge.answers import Answer, AnswerNow
from frontage.edge.call import Call
from frontage.edge.limits import Ask, Limiter, Verdict
from frontage.edge.problems import Problem
from frontage.edge.reserved import KEY_POLICIES
from frontage.edge.sources import InBody, TenantSource
from frontage.tenants.directory import Directory
from frontage.tenants.policy import Per, Policy

SMALL_BODY = 64 * 1024
_SOON = ((b"retry-after", b"5"),)
WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})
"""Methods whose body is read and measured on ordinary routes, wanted or not."""

# Each look-up of an enum's member or value is a call of Python's own, and every request would need several.
_ADDRESS, _KEY = Per.ADDRESS, Per.KEY

OffAnswer = Callable[[Call], Answer]
"""What a route answers for a tenant that does not have its plugin; it may raise a problem."""
Refuse = Callable[[Problem, Call], Answer]
"""Puts a problem into the words of a contract that has its own."""


Check = Callable[[Any], Awaitable[None]]


def not_found(_call: Call) -> Answer:
    """The off-answer of reads: as if there were nothing here."""
    raise Problem("not_found")


@dataclass(frozen=True, slots=True)
class Gate:
    """What a route demands of a request before its handler sees it."""

    source: TenantSource
    limits: tuple[str, ...]
    off: OffAnswer
    plugin: str | None = None
    """The slug of the plugin that must be on; None for the platform's own routes."""
    public: bool = False
    """Whether browsers of other origins may read the answers."""
    cap: int = SMALL_BODY
    refuse: Refuse | None = None
    raises: tuple[int, ...] = ()
    """Statuses of problems that only its handler raises; for the OpenAPI document."""
    refusals: tuple[int, ...] | None = None
    """All statuses of refusals, where `refuse` keeps silent about others; None: those that the rest of it implies."""
    check: Check | None = None
    """Looks at a request of a known tenant before it costs anything; it may raise a problem."""
    policies: Mapping[str, Policy] = field(default_factory=dict)
    """The named policies among `limits`, filled in when the route is mounted."""


class Gatekeeper:
    """Applies gates; holds what all of them need."""

    __slots__ = ("directory", "limiter", "proxies", "type_base")

    def __init__(self, directory: Directory, limiter: Limiter, proxies: TrustedProxies, type_base: str) -> None:
        self.directory = directory
        self.limiter = limiter
        self.proxies = proxies
        self.type_base = type_base

    async def admit(self, call: Call, gate: Gate) -> None:
        """Let a request through by its head alone, or raise: 401, 403, 429, off."""
        try:
            gate.source.identify(call, self.directory)
        except Problem:
            # A request costs one as soon as its key is valid, whatever it may not do with it.
            if call.key is not None:
                await self._count(call, gate, gate.limits)
            raise
        await self._charge(call, gate, gate.limits)
        if gate.plugin is not None and call.tenant is not None and gate.plugin not in call.tenant.plugins:
            raise AnswerNow(gate.off(call))

    async def admit_body(self, call: Call, gate: Gate, body: object) -> None:
        """Let a request through whose valid body names its tenant, or raise: off, 429."""
        source = gate.source
        if not isinstance(source, InBody):
            return
        tenant = source.find(call, body, self.directory)
        if tenant is None or (gate.plugin is not None and gate.plugin not in tenant.plugins):
            # Nobody can tell a tenant without the plugin from one that does not exist, not even by its quota.
            if source.unknown_limit is not None:
                await self._charge(call, gate, (source.unknown_limit,))
            raise AnswerNow(gate.off(call))
        if gate.check is not None:
            await gate.check(call)
        await self._charge(call, gate, gate.limits)

    async def _charge(self, call: Call, gate: Gate, limits: Sequence[str]) -> None:
        verdict = await self._count(call, gate, limits)
        if verdict is None:
            return
        if verdict.alone and not gate.public:
            # Browsers are served from this process's share meanwhile; whoever manages can wait for the store.
            raise Problem("unavailable", "The store of limits is away; try again soon.", headers=_SOON)
        if not verdict.admitted:
            seconds = verdict.retry_after
            detail = f"Too many requests; try again in {seconds} seconds."
            raise Problem("rate_limited", detail, extra={"retry_after_seconds": seconds})

    async def _count(self, call: Call, gate: Gate, limits: Sequence[str]) -> Verdict | None:
        asks = [ask for name in limits if (ask := self._ask(call, gate, name)) is not None]
        if asks:
            call.verdict = self.limiter.decide_now(asks) or await self.limiter.decide(asks)
        return call.verdict

    def _ask(self, call: Call, gate: Gate, name: str) -> Ask | None:
        key = call.key
        if name in KEY_POLICIES:
            return Ask(key.kind.value, key.id, key.windows) if key else None
        policy = gate.policies[name]
        if _ADDRESS in policy.per and call.relayed:
            return None
        tenant = call.tenant
        windows = policy.windows if tenant is None else tenant.windows.get(name, policy.windows)
        return Ask(name, tuple([_subject(call, per) for per in policy.per]), windows)


def _subject(call: Call, per: Per) -> Any:
    if per is _ADDRESS:
        return call.address
    if per is _KEY:
        return call.key.id if call.key else None
    return call.tenant.id if call.tenant else None
