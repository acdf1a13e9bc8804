"""Rules about coming into service, and staying out of the way when that fails."""

from collections.abc import AsyncIterator
from dataclasses import replace
from importlib.metadata import EntryPoint

import httpx

from frontage.app.platform import open_platform
from frontage.host.discovery import GROUP
from frontage.testing.bench import Scene
from frontage.testing.calls import operations_of
from frontage.testing.harness import BASE_URL
from frontage.testing.neighbour import PATH as NEIGHBOURS_PATH
from frontage.testing.neighbour import neighbour_candidate
from frontage.testing.rule import Finding, rule

_MISSING = "an_attribute_that_nobody_defines"
UNAVAILABLE = 503


@rule(
    "serves",
    "It comes into service on an empty database: its tables are made, its start succeeds.",
    reason="A plugin that stops on the way answers 503 on all of its paths.",
)
async def serves(scene: Scene) -> AsyncIterator[Finding]:
    """Migrate, open, and ask the roster."""
    entry = await scene.entry()
    if not entry.serves:
        yield Finding(f"{entry.stage.value}: {entry.reason}", "Mend what the reason names.")


@rule(
    "failure-contained",
    "When its declaration cannot be read its paths answer 503, and its neighbours serve.",
    reason="Events that are refused come again; events that a 404 or a false success swallows are lost.",
)
async def failure_contained(scene: Scene) -> AsyncIterator[Finding]:
    """Open another platform on the same database, from metadata that names a missing attribute."""
    candidate, settings = scene.subject.candidate, (await scene.running()).settings
    point = EntryPoint(candidate.slug, f"{candidate.entry_point.module}:{_MISSING}", GROUP)
    broken = replace(candidate, entry_point=point)
    async with open_platform(settings, [broken, neighbour_candidate()]) as platform:
        if platform.services.roster.find(candidate.slug).serves:
            fix = "Let importing it fail where something is missing."
            yield Finding(f"It serves, although {point.value} does not exist.", fix)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(platform.front), base_url=BASE_URL) as client:
            for operation in operations_of(await scene.entry()):
                answer = await client.request(operation.method, operation.path.replace("{", "").replace("}", ""))
                if answer.status_code != UNAVAILABLE or "retry-after" not in answer.headers:
                    found = f"{operation.name} answers {answer.status_code} while it is out of service."
                    yield Finding(found, "Leave its claims to the host.")
            answer = await client.get(NEIGHBOURS_PATH)
            if not answer.is_success:
                found = f"A neighbour answers {answer.status_code} when its import fails."
                yield Finding(found, "Change nothing outside of its own package when it is imported.")
