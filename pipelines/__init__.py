"""Wiring: the graph, the runners and the command line. No domain logic lives here."""

import logging


def _is_news(record: logging.LogRecord) -> bool:
    # Beam says this at every import, in every process, of an extra that is not wanted here.
    return not str(record.msg).startswith("apitools not found")


logging.getLogger().addFilter(_is_news)
