"""Rules about hostile requests: whatever is sent, the fault is the sender's, and the answer is one that was told."""

from collections.abc import AsyncIterator, Iterator

from frontage.testing.answers import Described
from frontage.testing.bench import Scene
from frontage.testing.hostile import Exchange, attacked
from frontage.testing.rule import Finding, rule


@rule(
    "no-server-error",
    "No body, no parameter and no header makes any of its routes answer with a 5xx.",
    reason="Everything on the public edge is sent sooner or later, and a fault of ours hides the next real one.",
)
async def no_server_error(scene: Scene) -> AsyncIterator[Finding]:
    """Look for the first fault of each operation."""
    failed = [one for one in await scene.once(attacked) if one.answer is None or one.answer.status_code >= 500]
    for one in _first_of_each(failed):
        status = one.raised if one.answer is None else one.answer.status_code
        fix = "Bound and check it in the route's types, or raise a Problem."
        yield Finding(f"{one.operation.name} answers {status} to {one.told}.", fix)


@rule(
    "answers-as-described",
    "Whatever it is sent, it answers with a status that its OpenAPI document names, and a body that fits its schema.",
    reason="Clients are generated from the document: an answer that it does not know breaks them.",
)
async def answers_as_described(scene: Scene) -> AsyncIterator[Finding]:
    """Hold every answer against the document; a 5xx is for no-server-error, a missing route for openapi-complete."""
    described = Described((await scene.entry()).document)
    wrong: list[tuple[Exchange, str]] = []
    for one in await scene.once(attacked):
        if one.operation.told and one.answer is not None and one.answer.status_code < 500:
            words = described.wrong_in(one.operation.told, one.answer)
            wrong += [(one, words)] if words else []
    for one, words in {one.operation.name: (one, words) for one, words in reversed(wrong)}.values():
        fix = "Name further statuses in raises=(…) or responses=(…), and what a hot route gives back in returns=."
        yield Finding(f"{one.operation.name} answers {one.told} with {words}", fix)


def _first_of_each(exchanges: list[Exchange]) -> Iterator[Exchange]:
    yield from {one.operation.name: one for one in reversed(exchanges)}.values()
