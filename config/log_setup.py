"""Sends every log line, ours and the libraries', as one line of JSON to the log file; personal data stay out."""

import json
import logging
import logging.handlers
import re
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import structlog

from config.settings_sections import LoggingSettings

PERSONAL_PREFIX = "pii_"
# JSON escapes C0 controls itself; these are read as line ends or as terminal commands by some viewers
LATE_CONTROLS = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
QUIET_LIBRARIES = ("apscheduler", "panoramisk", "asyncio", "urllib3", "werkzeug", "engineio", "socketio")

Event = MutableMapping[str, Any]


def start_logging(log_file: Path, settings: LoggingSettings) -> None:
    """Configure structlog and the standard library's logging for this process; call it once, at the start."""
    log_file.parent.mkdir(parents=True, exist_ok=True)
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    kept: list[structlog.types.Processor] = [] if settings.personal_data else [drop_personal_data]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            *kept,
            as_one_line,
        ],
    )
    handler = logging.handlers.RotatingFileHandler(
        log_file, maxBytes=settings.file_size_mb * 1_000_000, backupCount=settings.files_kept, encoding="utf-8"
    )
    handler.setFormatter(formatter)
    root = logging.getLogger()
    for other in list(root.handlers):
        root.removeHandler(other)
    root.addHandler(handler)
    root.setLevel(settings.level.value)
    for library in QUIET_LIBRARIES:
        logging.getLogger(library).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def drop_personal_data(logger: Any, method: str, event: Event) -> Event:
    """Remove every field whose name begins with pii_, at any depth."""
    return _without_personal(event)  # type: ignore[no-any-return]


def as_one_line(logger: Any, method: str, event: Event) -> str:
    """Render JSON in which no character can begin a new line or command a terminal."""
    text = json.dumps(dict(event), ensure_ascii=False, default=str)
    return LATE_CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _without_personal(value: Any) -> Any:
    if isinstance(value, MutableMapping):
        return {
            key: _without_personal(inner)
            for key, inner in value.items()
            if not (isinstance(key, str) and key.startswith(PERSONAL_PREFIX))
        }
    if isinstance(value, (list, tuple)):
        return [_without_personal(item) for item in value]
    return value
