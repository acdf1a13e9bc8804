"""The rule about rate limits."""

from collections.abc import AsyncIterator

from frontage.edge.sources import InBody
from frontage.testing.bench import OWNER, Scene
from frontage.testing.calls import ask, operations_of
from frontage.testing.rule import Finding, rule

HEADERS = (
    "RateLimit-Policy",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
)


@rule(
    "limit-headers",
    "Where a route declares a limit, its answers carry the headers of that limit.",
    reason="A client that is told how much is left slows down by itself, and the document promises it.",
)
async def limit_headers(scene: Scene) -> AsyncIterator[Finding]:
    """Ask every operation that has a limit as a tenant that it serves."""
    running, shop = await scene.running(), await scene.shop(OWNER)
    for operation in operations_of(await scene.entry()):
        if not operation.gate.limits:
            continue
        answer = await ask(running, operation, shop)
        missing = [name for name in HEADERS if name not in answer.headers]
        if not missing:
            continue
        if isinstance(operation.gate.source, InBody) and answer.status_code == 422:
            found = f"{operation.name} refuses the example of its own document, so its limit was not looked up."
            yield Finding(found, "Give the fields examples: Meta(examples=[…]).")
        else:
            fix = "A route without a key cannot be limited by key: name a policy of the plugin in limit=."
            yield Finding(f"{operation.name} answers {answer.status_code} without {', '.join(missing)}.", fix)
