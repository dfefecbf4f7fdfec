"""Logs of every process: one JSON line each on the error stream, and only what is known to be no value from a form.

Our own lines keep the keys of KNOWN, and of those what looks like an identifier, a code or a number. Lines of libraries
keep where they were said and of which kind the error was; their words only where the library is TRUSTED, since others
quote what they were given (`int("…")` does). The place leads to the words in the library's source.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog

KNOWN = frozenset(
    {
        *("event", "level", "timestamp", "logger", "at", "error", "code", "outage", "problem", "step", "status"),
        *("reason", "submission", "batch", "arrival", "outbound", "case", "task", "draft", "erasure", "procedure"),
        *("subject", "subjects", "worker", "route", "method", "attempt", "attempts", "takes", "files", "pages"),
        *("rows", "count", "seconds", "again_in_s", "silent"),
    }
)
"""What a line of ours may hold. Whoever logs another key adds it here, and it holds no value from a form."""

TRUSTED = ("uvicorn.error", "alembic.runtime.migration")
"""Libraries whose messages hold nothing but their own words, addresses of ours and names of migrations."""

WITHHELD = "(withheld)"
_EVENT = re.compile(r"[a-z][a-z0-9_]{0,60}")
_PLAIN = re.compile(r"[\w.:/@-]{0,120}", re.ASCII)
_PRINTABLE = re.compile(r"[ -~]{0,300}")


def configure_logs(level: str) -> None:
    """From now on this process logs as said above, its uncaught errors included. level: the least that is said."""
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_known,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = ErrorStream()
    handler.setFormatter(LibraryFormatter())
    logging.basicConfig(handlers=[handler], level=max(number, logging.WARNING), force=True)
    # Of Alembic only warnings: at a terminal nobody asked to hear that a schema is current.
    logging.getLogger("uvicorn.error").setLevel(number)
    logging.captureWarnings(True)
    sys.excepthook = _log_crash
    threading.excepthook = lambda it: _log_crash(it.exc_type, it.exc_value, it.exc_traceback)


def only_known(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The line without keys that are not known, and with anything that is no identifier, code or number masked."""
    kept = {key: _plain(value) for key, value in event.items() if key in KNOWN}
    if not _EVENT.fullmatch(str(event.get("event", ""))):
        kept["event"] = WITHHELD
    if dropped := len(event) - len(kept):
        kept["dropped_keys"] = dropped
    return kept


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in value][:50]
    text = str(value)
    return text if _PLAIN.fullmatch(text) else WITHHELD


class ErrorStream(logging.Handler):
    """Writes to the error stream as it is at that moment: a process may have exchanged it since."""

    def emit(self, record: logging.LogRecord) -> None:
        """Writes the record, at once."""
        print(self.format(record), file=sys.stderr, flush=True)


class LibraryFormatter(logging.Formatter):
    """A record of the standard library's logging as a line of ours. Also set for Prefect, by prefect_logging.yaml."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "event": self._words(record),
            "level": record.levelname.lower(),
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "logger": record.name,
            "at": f"{record.filename}:{record.lineno}",
        }
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line)

    def _words(self, record: logging.LogRecord) -> str:
        if record.name in TRUSTED:
            words = record.getMessage()
            return words if _PRINTABLE.fullmatch(words) else WITHHELD
        return WITHHELD


class WithoutValues(logging.Filter):
    """For the handlers that send what flows say to Prefect's own database: a line that tells of an error keeps its
    kind and place. Lines of ours and of Prefect that tell of none hold identifiers only."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[0] if record.exc_info else None
        if error is not None or record.levelno >= logging.WARNING:
            kind = error.__name__ if error else record.levelname
            record.msg, record.args = f"{kind} at {record.filename}:{record.lineno}", ()
            record.exc_info, record.exc_text = None, None
        return True


def _log_crash(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    frames = traceback.extract_tb(trace)
    ours = [frame for frame in frames if "site-packages" not in frame.filename] or frames
    at = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "unknown"
    structlog.get_logger().error("crashed", error=kind.__name__, at=at)
