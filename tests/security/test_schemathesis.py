"""Whatever can be made of the OpenAPI document, right or wrong, is answered as the document says, over a real port."""

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from shelf import open_shelf
from tests.isolation.credentials import KeyRing
from tests.isolation.shops import everything
from tests.security.rounds import TIMES

from frontage.host.discovery import find_candidates
from frontage.testing.harness import Running, listening
from frontage.testing.leaving import Leaving

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
PHASES = "fuzzing" if TIMES == 1 else "examples,coverage,fuzzing,stateful"
"""Each boundary of each parameter takes minutes: by choice."""
EXAMPLES = {"own": 2, "publishable": 1, "anonymous": 1}
"""Requests of each kind an operation, by whose key comes along: few pass without one."""

pytestmark = pytest.mark.timeout(600 * TIMES)


async def explore(url: str, folder: Path, examples: int, header: list[tuple[bytes, bytes]]) -> str:
    """Run schemathesis on `document.json`; what it found, or nothing when all is well."""
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")), "run", "document.json", "--url", url),
        *("--phases", PHASES, "--max-examples", str(examples * TIMES), "--generation-deterministic", "--seed", "1"),
        *("--checks", ",".join(CHECKS), "--suppress-health-check", "all", "--continue-on-failure", "--no-color"),
        *(word for name, text in header for word in ("--header", f"{name.decode()}: {text.decode()}")),
    ]
    pipe = asyncio.subprocess.PIPE
    environment = {**os.environ, "NO_PROXY": "*"}
    process = await asyncio.create_subprocess_exec(*command, cwd=folder, stdout=pipe, stderr=pipe, env=environment)
    try:
        out, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return "" if process.returncode == 0 else (out + errors).decode()


async def test_every_answer_is_as_described(postgres_url, tmp_path):
    """With a key of every scope, with a page's key, and with none: no 5xx, no status, type, header or body untold."""
    with open_shelf(tmp_path / "site") as shelf:
        shelf.put_kitchen_sink()
        async with everything(postgres_url, tmp_path, find_candidates()) as platform, listening(_ends(platform)) as url:
            keys = KeyRing()
            await keys.fill(platform)
            tmp_path.joinpath("document.json").write_bytes(msgspec.json.encode(platform.platform.document))
            found = {
                who: await explore(url, tmp_path, examples, keys.header("key", who))
                for who, examples in EXAMPLES.items()
            }
    assert not any(found.values()), "\n".join(found.values())


def _ends(running: Running) -> Running:
    """Nobody waits for the end of an answer that has none."""
    return replace(running, platform=replace(running.platform, front=cast("Any", Leaving(running.platform.front))))
