"""Logging of the whole program, set up once, on stderr; secrets in URLs never reach it."""

import logging
import re
import sys
from enum import StrEnum
from typing import Any

import structlog

# FFmpeg and httpx print URLs as they got them.
_USERINFO = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)[^/\s@]*@", re.IGNORECASE)
_QUERY_SECRET = re.compile(
    r"(?P<name>(?:api_?key|token|password|secret|egova_openapi_token)=)[^&\s\"']+", re.IGNORECASE
)


class Level(StrEnum):
    """How much is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def redact(text: str) -> str:
    """Take credentials out of every URL in a text."""
    text = _USERINFO.sub(r"\g<scheme>***@", text)
    return _QUERY_SECRET.sub(r"\g<name>***", text)


def _redact_event(_logger: Any, _name: str, event: structlog.typing.EventDict) -> Any:
    return {key: redact(value) if isinstance(value, str) else value for key, value in event.items()}


def set_up(*, level: Level, as_json: bool) -> None:
    """Send every package's log to stderr, one line a record."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redact_event,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # httpx logs every request with its URL at info.
    for chatty in ("httpx", "httpcore", "uvicorn.access", "libav"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
