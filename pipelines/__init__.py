"""Wiring: the graph, the runners and the command line. No domain logic lives here."""

import logging
import os

if os.environ.get("STORAGE_EMULATOR_HOST"):
    # A GCS server of one's own knows no credentials, and no gRPC, which gcsfs asks first and waits
    # for. Read when fsspec and gcsfs are imported.
    os.environ.setdefault("FSSPEC_GCS_TOKEN", "anon")
    os.environ.setdefault("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")


def _is_news(record: logging.LogRecord) -> bool:
    # Beam says this at every import, in every process, of an extra that is not wanted here.
    return not str(record.msg).startswith("apitools not found")


logging.getLogger().addFilter(_is_news)
