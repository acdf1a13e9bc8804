"""The servers of the front's bench; run as `python -m tests.bench.front_app KIND PORT URL DATA_DIR`.

bare: ASGI, answers 204. litestar: a handler that only decodes. limited: the same under Litestar's own limiter, with CORS.
fastapi: key, tenant, two windows by the package `limits`, the body by pydantic, CORS and the rate headers, as its users
write it. frontage: the whole platform with one plugin.
"""

import asyncio
import hashlib
import logging
import sys
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Annotated, Any

import msgspec
import uvloop
from fastapi import Depends, FastAPI, Header, HTTPException, Response
from fastapi.middleware.cors import CORSMiddleware
from limits import RateLimitItemPerDay, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from litestar import Litestar, post
from litestar.config.cors import CORSConfig
from litestar.middleware.rate_limit import RateLimitConfig
from litestar.params import JSONBody
from pydantic import BaseModel, Field
from tests.bench.front_plugin import plugin
from tests.bench.intake_app import bare, serve_alike

from frontage.app.platform import open_platform
from frontage.base.logs import configure_logs
from frontage.host.discovery import GROUP, Candidate
from frontage.testing.harness import settings_for

PATH = "/bench-front/api/seen"
CANDIDATE = Candidate(plugin.slug, EntryPoint(plugin.slug, "tests.bench.front_plugin:plugin", GROUP), "bench", "1")
PLENTY = 1_000_000_000


class VisitIn(msgspec.Struct):
    card: str
    page: str
    visitor: str


@post(PATH, status_code=204)
async def only_decodes(data: JSONBody[VisitIn]) -> None:
    """Decode, and no more."""


def litestar() -> Litestar:
    """The idiomatic handler."""
    return Litestar([only_decodes], openapi_config=None, logging_config=None)


def limited() -> Litestar:
    """The idiomatic handler behind Litestar's own CORS and its own limiter, which has one window."""
    return Litestar(
        [only_decodes],
        openapi_config=None,
        logging_config=None,
        cors_config=CORSConfig(allow_origins=["*"]),
        middleware=[RateLimitConfig(rate_limit=("minute", PLENTY)).middleware],
    )


class VisitModel(BaseModel):
    """The body as FastAPI's users declare it."""

    card: Annotated[str, Field(min_length=1, max_length=64)]
    page: Annotated[str, Field(max_length=200)]
    visitor: Annotated[str, Field(max_length=64)]


def fastapi(key: str) -> FastAPI:
    """What the front does, put together from what FastAPI's users reach for."""
    app = FastAPI(openapi_url=None)
    app.add_middleware(CORSMiddleware, allow_origins=["*"], expose_headers=["*"])
    tenants = {hashlib.sha256(key.encode()).digest(): "bench"}
    limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
    windows = (RateLimitItemPerMinute(PLENTY), RateLimitItemPerDay(PLENTY))

    async def tenant_of(x_api_key: Annotated[str, Header()]) -> str:
        try:
            return tenants[hashlib.sha256(x_api_key.encode()).digest()]
        except KeyError:
            raise HTTPException(401) from None

    async def counted(response: Response, tenant: Annotated[str, Depends(tenant_of)]) -> str:
        for window in windows:
            if not limiter.hit(window, tenant):
                raise HTTPException(429)
        told = limiter.get_window_stats(windows[0], tenant)
        response.headers["RateLimit-Limit"] = str(windows[0].amount)
        response.headers["RateLimit-Remaining"] = str(told.remaining)
        response.headers["RateLimit-Reset"] = str(int(told.reset_time - time.time()))
        return tenant

    @app.post(PATH, status_code=204)
    async def seen(visit: VisitModel, tenant: Annotated[str, Depends(counted)]) -> None:
        """Decode, and no more."""

    return app


async def frontage(port: int, url: str, data_dir: Path) -> None:
    """The whole platform, with one plugin."""
    async with open_platform(settings_for(url, data_dir), [CANDIDATE]) as platform:
        await serve_alike(platform.front, port)


async def run(kind: str, port: int, url: str, data_dir: Path) -> None:
    """Serve one kind until SIGTERM."""
    if kind == "frontage":
        await frontage(port, url, data_dir)
        return
    makers: dict[str, Callable[[], Callable[..., Awaitable[Any]]]] = {
        "bare": lambda: bare,
        "litestar": litestar,
        "limited": limited,
        "fastapi": lambda: fastapi(data_dir.joinpath("key").read_text()),
    }
    await serve_alike(makers[kind](), port)


def main() -> None:
    kind, port, url, data_dir = sys.argv[1:5]
    configure_logs(level=logging.ERROR)
    logging.disable(logging.INFO)  # frameworks set levels of their own
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(kind, int(port), url, Path(data_dir)))


if __name__ == "__main__":
    main()
