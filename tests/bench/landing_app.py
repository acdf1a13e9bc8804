"""The servers of the landing bench; run as `python -m tests.bench.landing_app KIND PORT URL DATA_DIR`.

idiomatic: a Litestar handler that decodes the event and answers. landing: the whole platform with its plugins, which
keeps the event on disk before it answers, recognises its visitor and counts it.
"""

import asyncio
import logging
import sys
from pathlib import Path
from typing import Any, Literal

import msgspec
import uvloop
from litestar import Litestar, post
from litestar.params import JSONBody
from tests.bench.intake_app import serve_alike

from frontage.app.platform import open_platform
from frontage.base.logs import configure_logs
from frontage.testing.harness import settings_for

PATH = "/api/analytics/track"


class TrackIn(msgspec.Struct):
    tenant_id: int
    event_type: Literal["pageview", "click_whatsapp", "click_call", "time_on_page", "qr_scan", "product_click"]
    metadata: dict[str, Any] | None = None


class Done(msgspec.Struct):
    success: bool


@post(PATH, status_code=200)
async def idiomatic(data: JSONBody[TrackIn]) -> Done:
    """Decode, and no more."""
    return Done(success=True)


async def run(kind: str, port: int, url: str, data_dir: Path) -> None:
    """Serve one kind until SIGTERM."""
    if kind == "idiomatic":
        await serve_alike(Litestar([idiomatic], openapi_config=None, logging_config=None), port)
        return
    async with open_platform(settings_for(url, data_dir)) as platform:
        await serve_alike(platform.front, port)


def main() -> None:
    kind, port, url, data_dir = sys.argv[1:5]
    configure_logs(level=logging.ERROR)
    logging.disable(logging.INFO)  # Litestar sets levels of its own
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(kind, int(port), url, Path(data_dir)))


if __name__ == "__main__":
    main()
