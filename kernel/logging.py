"""Logs: one line per event, an event name and keys, no personal data; JSON where nobody sits at the terminal."""

import logging
import sys

import structlog


def set_up() -> None:
    """Write events to standard error: readable on a terminal, JSON lines elsewhere. Control characters are encoded by both."""
    renderer = structlog.dev.ConsoleRenderer(colors=False) if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        logger_factory=lambda *_names: structlog.PrintLogger(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
