"""Logs: one JSON object a line on standard error, with every full key cut to its first twelve characters."""

import logging
import re
import sys
from typing import Any, TextIO

import structlog

_FULL_KEY = re.compile(r"\b((?:csb|cpk)_[0-9A-Za-z]{8})[0-9A-Za-z]{2,}(?:_[0-9a-f]{0,8})?")
_QUIET = {
    "alembic": logging.WARNING,
    "uvicorn.access": logging.CRITICAL,
    "httpx": logging.WARNING,
    "asyncio": logging.WARNING,
}

Logger = structlog.stdlib.BoundLogger


def get_logger(name: str) -> Logger:
    """The logger of a module; events are named like `key.revoked`, their facts are keywords."""
    logger: Logger = structlog.stdlib.get_logger(name)
    return logger


def redact(text: str) -> str:
    """Cut every key in `text` to the part that may be shown."""
    return _FULL_KEY.sub(r"\1…", text)


def _shared_processors() -> list[structlog.typing.Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
        structlog.processors.format_exc_info,
    ]


class _RedactingFormatter(structlog.stdlib.ProcessorFormatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def configure_logs(
    *, stream: TextIO | None = None, level: int = logging.INFO, extra: dict[str, Any] | None = None
) -> None:
    """Send the logs of the platform, its plugins and its libraries to one stream in one form."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared_processors(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        _RedactingFormatter(
            foreign_pre_chain=_shared_processors(),
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                lambda _logger, _name, event: {**event, **(extra or {})},
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name, quiet_level in _QUIET.items():
        logging.getLogger(name).setLevel(quiet_level)
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
