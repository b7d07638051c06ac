"""A worker process of the local engine: Beam's own, without its running commentary."""

from __future__ import annotations

import logging
import sys

from apache_beam.runners.worker import sdk_worker_main


def main() -> None:
    """Serve the launcher until it is done; an error in the work reaches it by itself."""
    logging.disable(logging.WARNING)
    sdk_worker_main.main(sys.argv)


if __name__ == "__main__":
    main()
