"""One sweep over every operation with canaries in all places, and what must be true of everything that came of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import msgspec
import pytest
import pytest_asyncio
from production_logs import production_logs
from tests.isolation.matrix import operations_of, places_of
from tests.isolation.shops import ACTOR, everything
from tests.isolation.straight import send

from frontage.host.discovery import find_candidates
from frontage.testing.calls import Operation, example_text
from frontage.testing.harness import Running

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

ADDRESS, COOKIE, REFERRER = "203.0.113.77", "canary-cookie-51", "canary-referrer-52"
HEADERS = [
    (b"x-forwarded-for", ADDRESS.encode()),
    (b"cookie", f"session={COOKIE}".encode()),
    (b"referer", f"https://shop.example/page?token={REFERRER}#{REFERRER}".encode()),
]


@dataclass
class Swept:
    """What came of the sweep."""

    secret: str
    publishable: str
    answers: list[tuple[str, httpx.Response]] = field(default_factory=list)
    logged: str = ""
    metrics: str = ""
    kept: dict[str, bytes] = field(default_factory=dict)
    """Every file that the platform has written, the database's among them."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def swept(tmp_path_factory: pytest.TempPathFactory) -> Swept:
    """Ask every operation of everything that is installed."""
    folder = tmp_path_factory.mktemp("swept")
    url = f"sqlite+aiosqlite:///{folder}/frontage.db"
    with production_logs() as lines:
        async with everything(url, folder, find_candidates(), trusted_proxies=("127.0.0.1",)) as platform:
            scopes = tuple(platform.platform.services.scopes)
            kinds = ("secret", "publishable")
            found = Swept(*[await platform.key(ACTOR, kind, scopes=scopes) for kind in kinds])
            for operation in operations_of(platform.platform.document):
                await sweep(platform, operation, found)
            found.answers += [(target, await ask(platform, "GET", target, [])) for target in LEADING]
            await platform.counted()
            found.metrics = (await platform.client.get("/metrics")).text
        found.logged = lines.getvalue()
    files = [path for path in folder.rglob("*") if path.is_file() and "tenants" not in path.parts]
    found.kept = {path.name: path.read_bytes() for path in files}
    return found


async def sweep(running: Running, operation: Operation, found: Swept) -> None:
    """With a key in its header and in every other place, whole and cut off."""
    for header in (found.secret, found.publishable, None):
        for target in targets(operation, (found.secret, found.publishable)):
            for body in bodies(running, operation, found.secret):
                key = [(b"x-api-key", header.encode())] if header else []
                answer = await ask(running, operation.method, target, key, body)
                found.answers.append((f"{operation.name} {target}", answer))


def targets(operation: Operation, keys: tuple[str, str]) -> Iterator[str]:
    """A right one, and one with keys and every parameter twice."""
    tenant = operation.told["x-tenant-scope"].get("part", "")
    for thing in ("x", keys[0]):
        path = operation.path.replace(f"{{{tenant}}}", ACTOR)
        for place in places_of(operation):
            path = path.replace(f"{{{place}}}", thing)
        told = [(name, example_text(operation, one)) for name, one in operation.queries.items()]
        if thing == "x":
            yield f"{path}?{'&'.join(f'{name}={text}' for name, text in told)}"
        else:
            twice = "&".join(f"{name}={text}&{name}={thing}" for name, text in told)
            yield f"{path}?key={keys[1]}&token={keys[0]}&{twice}"


def bodies(running: Running, operation: Operation, secret: str) -> list[bytes]:
    """A right one, and one that is cut off in the middle of a key."""
    shop = running.tenant(ACTOR)
    right = operation.example_body(shop.number, shop.slug)
    return [b""] if right is None else [msgspec.json.encode(right), f'{{"api_key": "{secret}'.encode()]


async def ask(
    running: Running, method: str, target: str, headers: list[tuple[bytes, bytes]], body: bytes = b""
) -> httpx.Response:
    """A request through the trusted proxy."""
    kind = [(b"content-type", b"application/json")] if body else []
    answer = await send(running.platform.front, method, target, [*HEADERS, *headers, *kind], [body])
    assert answer is not None, target
    return answer


LEADING = (
    f"/t/{ACTOR}/{ACTOR}-door",
    f"/t/{ACTOR}/{ACTOR}-door?next=https://evil.example&url=//evil.example&qr=//evil.example",
    f"/t/{ACTOR}/%2F%2Fevil.example",
    "//evil.example/t",
    "/%5Cevil.example/",
)


async def test_no_secret_is_in_anything_that_is_kept_or_told(swept: Swept):
    """Not in a log line, a number, an answer or a file: no key in full, no address, no cookie, no referrer's query."""
    canaries = {"secret": swept.secret, "address": ADDRESS, "cookie": COOKIE, "referrer": REFERRER}
    told = {"the log": swept.logged, "the metrics": swept.metrics}
    told |= {name: answer.text for name, answer in swept.answers if not answer.is_success}
    assert swept.logged.count("\n") > 100
    assert any(name.startswith("frontage.db") for name in swept.kept)
    for what, canary in {**canaries, "publishable": swept.publishable}.items():
        assert [where for where, text in told.items() if canary in text] == [], what
    for what, canary in canaries.items():
        assert [name for name, held in swept.kept.items() if canary.encode() in held] == [], what


async def test_a_parameter_that_stands_twice_is_no_fault(swept: Swept):
    """Nor is anything else of the sweep: a refusal at most."""
    assert len(swept.answers) > 200
    assert [(name, answer.status_code) for name, answer in swept.answers if answer.status_code >= 500] == []


async def test_no_answer_sets_a_cookie(swept: Swept):
    """There is no session that could be fixed or stolen."""
    assert [name for name, answer in swept.answers if "set-cookie" in answer.headers] == []


async def test_a_redirect_leads_where_the_shop_says(swept: Swept):
    """However it is asked for; nothing else leads anywhere but to a path of its own."""
    led = {name: answer.headers["location"] for name, answer in swept.answers if "location" in answer.headers}
    assert {led[target] for target in LEADING[:2]} == {f"https://{ACTOR}.example/"}
    others = [place for name, place in led.items() if name not in LEADING[:2]]
    assert [place for place in others if not place.startswith("/") or place.startswith(("//", "/\\"))] == []
