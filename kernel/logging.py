"""Logs: one line per event, an event name and keys, no personal data; JSON where nobody sits at the terminal."""

import contextlib
import logging
import sys
import traceback

import structlog
from structlog.typing import ExcInfo, Processor


def _places(exc_info: ExcInfo) -> str:
    """Return the kind of an error and where it happened, without its message, which may repeat what people wrote (spec/security 8.2)."""
    kind, _error, trace = exc_info
    return "".join([*traceback.format_tb(trace), kind.__name__])


class StderrLogger:
    """Writes each event as a line to standard error. Where its reader has gone away the line is lost, and not the request."""

    def msg(self, line: str) -> None:
        """Write one line."""
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()

    debug = info = warning = error = critical = exception = msg


def set_up() -> None:
    """Write events to standard error: readable and whole on a terminal, JSON lines elsewhere. Control characters are encoded by both."""
    last: tuple[Processor, ...] = (structlog.processors.ExceptionRenderer(_places), structlog.processors.JSONRenderer())
    if sys.stderr.isatty():
        last = (structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *last,
        ],
        logger_factory=StderrLogger,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
