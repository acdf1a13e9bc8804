"""A real browser for tests: the system's Chromium, driven by Playwright; one in a worker process."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.async_api import Browser

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
NOBODY_ELSE = "MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE *.localhost, EXCLUDE localhost"
"""Names under `.test` lead to this machine, and no page of a test leads anywhere else."""
ORDINARY = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
"""What a desktop browser says; a headless one names itself, and is taken for a bot. The browser as a whole is told,
because what a page sends while it goes no longer knows of a name that its context was given."""
FLAGS = (
    f"--user-agent={ORDINARY}",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules={NOBODY_ELSE}",
)
# What Playwright switches off by itself, and a visitor's browser has.
_AS_VISITORS_HAVE_IT = ["--disable-back-forward-cache"]


class ChromiumUnavailableError(Exception):
    """There is no browser to test with; the message says what to install."""


@asynccontextmanager
async def open_chromium() -> AsyncIterator["Browser"]:
    """Start the browser; each context in it is a fresh profile."""
    try:
        from playwright.async_api import async_playwright
    except ModuleNotFoundError as error:
        raise ChromiumUnavailableError("install frontage[browser,testing]") from error
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        raise ChromiumUnavailableError("install it, for example: apt install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program, args=FLAGS, ignore_default_args=_AS_VISITORS_HAVE_IT
        )
        try:
            yield browser
        finally:
            await browser.close()
