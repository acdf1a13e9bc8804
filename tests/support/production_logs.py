"""Everything that is logged in a block, as production would write it."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from frontage.base.logs import configure_logs


@contextmanager
def production_logs() -> Iterator[io.StringIO]:
    """One JSON object a line; afterwards logs are as before."""
    root, names = logging.getLogger(), ("alembic", "uvicorn.access", "httpx", "asyncio", "aiosqlite", "httpcore")
    level, config = root.level, structlog.get_config()
    levels = {name: logging.getLogger(name).level for name in names}
    stream = io.StringIO()
    configure_logs(stream=stream)
    # A logger that were kept would go on writing to this stream in the next file.
    structlog.configure(cache_logger_on_first_use=False)
    ours = root.handlers[0]
    yield stream
    root.removeHandler(ours)
    root.setLevel(level)
    structlog.configure(**config)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
