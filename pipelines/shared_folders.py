"""What a worker must see of the launcher's folders before it works, wherever it runs."""

from __future__ import annotations

import socket
from collections.abc import Collection
from functools import lru_cache

from sarchat_build.archives.location import is_folder, join, local_path
from sarchat_build.dataset.lock import LOCK
from sarchat_build.dataset.output import open_output
from sarchat_build.errors import InputError


@lru_cache(maxsize=1)
def demand_folders(out: str, run: str, raw: str, sources: Collection[str]) -> None:
    """See once per process and build that this one looks into the folders of the launcher.

    The lock that the launcher left in the output folder is the mark: on a worker with a disk of
    its own, a folder of the same name may be there, and be another one.

    Args:
        out: the output folder.
        run: what its lock says of the build; "": the build holds none, and is alone.
        raw: the raw folder.
        sources: the sources to build.

    Raises:
        InputError: which one it does not see.
    """
    if run and local_path(out) is not None and not open_output(out).is_file(LOCK):
        raise InputError(
            f"{out}: the worker on {socket.gethostname()} does not see what the launcher wrote "
            "there: give an --output that all workers share under the same path, or a URL"
        )
    for source_id in sources:
        location = join(raw, source_id)
        if local_path(raw) is not None and not is_folder(location):
            raise InputError(
                f"{location}: the worker on {socket.gethostname()} does not see this folder: give "
                "a --raw that all workers share under the same path, or a URL"
            )
