"""`sarchat explore`: the page of a finished dataset, served to this machine until Ctrl-C."""

from __future__ import annotations

import sys
import webbrowser
from functools import partial
from pathlib import Path

from pipelines.console import errors, print_line
from pipelines.interrupts import interrupted_exit_code
from pipelines.progress_display import counting_progress
from sarchat_build.explorer.catalog import open_catalog
from sarchat_build.explorer.predictions import read_predictions
from sarchat_build.explorer.server import ExplorerServer


def serve_page(location: str, details: Path | None, *, port: int, browse: bool) -> None:
    """Serve the page until a signal ends the command; the first line of output is its address.

    Args:
        location: the dataset, as a path or a URL.
        details: a scorer's file of predictions.
        port: the port; 0 is one that is free.
        browse: whether the browser is opened.

    Raises:
        InputError: dataset or predictions cannot be read, or the port is taken.
    """
    predictions = None if details is None else read_predictions(details)
    catalog = open_catalog(location, partial(counting_progress, on=errors))
    with ExplorerServer(catalog, predictions, port) as server:
        try:
            print_line(f"Look at {catalog.index.num_rows:,} pictures: {server.url}")
            print_line("Ctrl-C ends it.")
            if server.warning:
                errors.print(f"warning: {server.warning}", style="yellow", markup=False)
            if browse:
                webbrowser.open(server.url)
            server.serve_forever()
        except KeyboardInterrupt:
            # As planned: there is nothing to resume.
            sys.exit(interrupted_exit_code())
