"""Someone who looks at a shop's pages with a real browser."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, WebError

_UNFIT = re.compile(r"[^\w.-]+")


class Visitor:
    """A browser profile of its own, and everything that went wrong on the pages it saw."""

    def __init__(self, context: "BrowserContext", shots: Path) -> None:
        self.context = context
        self.errors: list[str] = []
        """What no page has caught."""
        self.complaints: list[str] = []
        """What the browser wrote to the console as an error, such as a violated policy or a request that failed."""
        self._shots = shots
        context.on("weberror", self._hear_error)
        context.on("console", self._hear_console)

    @classmethod
    async def arrive(cls, browser: "Browser", shots: Path, **options: Any) -> "Visitor":
        """A new visitor; `options` are those of Playwright's `new_context`, as `locale` or `viewport`."""
        return cls(await browser.new_context(**options), shots)

    async def visit(self, url: str) -> "Page":
        """Open a page in a new tab."""
        page = await self.context.new_page()
        await page.goto(url)
        return page

    async def keep_picture(self, page: "Page", name: str) -> Path:
        """Keep a screenshot of the whole page for people to look at."""
        path = self._shots / f"{_UNFIT.sub('-', name)}.png"
        await page.screenshot(path=path, full_page=True)
        return path

    async def leave(self) -> None:
        """Close everything."""
        await self.context.close()

    def _hear_error(self, error: "WebError") -> None:
        self.errors.append(str(error.error))

    def _hear_console(self, message: "ConsoleMessage") -> None:
        if message.type == "error":
            self.complaints.append(message.text)
