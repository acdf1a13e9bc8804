"""The servers that the bench compares; run as `python -m tests.bench.intake_app KIND PORT URL DATA_DIR`.

bare: ASGI, answers 204. idiomatic: a Litestar handler that decodes the body and answers 204. null: the front, the gate,
a limit, decoding and the event itself, but no sink. durable: the same with intake.
"""

import asyncio
import logging
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import uvloop
from litestar import Litestar, post
from litestar.params import JSONBody
from prometheus_client import CollectorRegistry, generate_latest
from tests.bench.streams import STREAMS, Stamp

from frontage.base.database import Database
from frontage.base.ids import new_id
from frontage.base.logs import configure_logs
from frontage.base.memory import settle_memory
from frontage.edge.address import TrustedProxies
from frontage.edge.answers import Answer
from frontage.edge.front import Front
from frontage.edge.gate import Gatekeeper, not_found
from frontage.edge.hot import HotRoute
from frontage.edge.limits import MemoryLimiter
from frontage.edge.meter import RequestMeter
from frontage.edge.public_paths import PublicPaths
from frontage.edge.server import serve
from frontage.edge.sources import TenantSource
from frontage.intake.intake import Intake
from frontage.plugin import hot
from frontage.tenants.policy import Per, Policy
from frontage.tenants.tenant import Tenant

PATH = "/bench/events"
TENANT = Tenant(new_id(), "bench", 1, "Bench", ZoneInfo("UTC"), "EUR", plugins={"bench": None})
NO_CONTENT = Answer(204)


class One(msgspec.Struct):
    card: str
    page: str
    visitor: str


class Many(msgspec.Struct):
    events: list[One]


@dataclass(frozen=True, slots=True)
class Fixed(TenantSource):
    """Every request is one tenant's: what finding it costs is another bench's business."""

    def identify(self, call, directory):
        call.tenant = TENANT


async def bare(scope, receive, send):
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@post(PATH, status_code=204)
async def idiomatic(data: JSONBody[Many]) -> None:
    """Decode, and no more."""


class Outside:
    """Around the front: the numbers."""

    def __init__(self, front, intake):
        self.front = front
        self.registry = CollectorRegistry()
        if intake:
            self.registry.register(intake)

    async def __call__(self, scope, receive, send):
        if scope["path"] != "/metrics":
            await self.front(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": generate_latest(self.registry)})


def fronted(intake: Intake | None):
    """The front with one hot route, as the application assembles it."""

    async def null(request):
        for one in request.body.events:
            Stamp(card=one.card)
        return NO_CONTENT

    async def durable(request):
        await intake.accept([Stamp(card=one.card) for one in request.body.events], tenant=request.tenant.id)
        return NO_CONTENT

    declare = hot.post(PATH, body=Many, tenant=Fixed(), limit=("ingest",), off=not_found)
    route: HotRoute = declare(durable if intake else null)
    route = with_policy(route)
    keeper = Gatekeeper(None, MemoryLimiter(), TrustedProxies([]), "http://x/errors")
    front = Front(None, keeper, hot=[route], public=PublicPaths([PATH]), meter=RequestMeter())
    return Outside(front, intake)


def with_policy(route: HotRoute) -> HotRoute:
    """The route with its policy looked up, as mounting does."""
    policy = Policy(["100000000;w=60", "900000000;w=86400"], per=(Per.TENANT,))
    return replace(route, gate=replace(route.gate, policies={"ingest": policy}))


async def serve_alike(app, port: int) -> None:
    """Serve as `frontage serve` does, whoever it is."""
    settle_memory()
    await serve(app, port=port, on_draining=lambda: None)


async def run(kind: str, port: int, url: str, data_dir: Path) -> None:
    """Serve one kind until SIGTERM."""
    if kind != "durable":
        make = {
            "bare": lambda: bare,
            "idiomatic": lambda: Litestar([idiomatic], openapi_config=None),
            "null": lambda: fronted(None),
        }[kind]
        await serve_alike(make(), port)
        return
    intake = Intake(Database(url), data_dir, STREAMS, worker="0")
    await intake.start()
    await serve_alike(fronted(intake), port)
    await intake.stop()


def main() -> None:
    kind, port, url, data_dir = sys.argv[1:5]
    configure_logs(level=logging.ERROR)
    logging.disable(logging.INFO)  # Litestar sets levels of its own
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(kind, int(port), url, Path(data_dir)))


if __name__ == "__main__":
    main()
