"""Rules about coming into service, and staying out of the way when that fails."""

from collections.abc import AsyncIterator
from dataclasses import replace
from importlib.metadata import EntryPoint

from frontage.host.discovery import GROUP
from frontage.testing import neighbour
from frontage.testing.bench import Scene
from frontage.testing.calls import operations_of
from frontage.testing.harness import running, settings_for
from frontage.testing.rule import Finding, rule

_MISSING = "an_attribute_that_nobody_defines"


@rule(
    "serves",
    "It comes into service on an empty database: its tables are made, its start succeeds.",
    reason="A plugin that stops on the way answers 503 on all of its paths.",
)
async def serves(scene: Scene) -> AsyncIterator[Finding]:
    """Migrate, open, and ask the roster."""
    entry = (await scene.opened()).platform.services.roster.find(scene.subject.slug)
    if not entry.serves:
        yield Finding(f"{entry.stage.value}: {entry.reason}", "Mend what the reason names.")


@rule(
    "failure-contained",
    "When its declaration cannot be read its paths answer 503, and its neighbours serve.",
    reason="Events that are refused come again; events that a 404 or a false success swallows are lost.",
)
async def failure_contained(scene: Scene) -> AsyncIterator[Finding]:
    """Serve it once, then again from metadata that names a missing attribute."""
    candidate, slug = scene.subject.candidate, scene.subject.slug
    point = EntryPoint(slug, f"{candidate.entry_point.module}:{_MISSING}", GROUP)
    broken = [replace(candidate, entry_point=point), neighbour.neighbour_candidate()]
    operations = operations_of(await scene.entry())
    with scene.empty_database() as (url, folder):
        settings = settings_for(url, folder)
        async with running(settings, {}, [candidate]):
            pass
        async with running(settings, {}, broken) as platform:
            if platform.platform.services.roster.find(slug).serves:
                fix = "Let importing it fail where something is missing."
                yield Finding(f"It serves, although {point.value} does not exist.", fix)
            for operation in operations:
                answer = await platform.client.request(operation.method, operation.path.replace("{", "").replace("}", ""))
                if answer.status_code != 503 or "retry-after" not in answer.headers:
                    fix = "Leave its claims to the host."
                    yield Finding(f"{operation.name} answers {answer.status_code} while it is out of service.", fix)
            answer = await platform.client.get(neighbour.PATH)
            if answer.status_code != 200:
                fix = "Change nothing outside of its own package when it is imported."
                yield Finding(f"A neighbour answers {answer.status_code} when its import fails.", fix)
