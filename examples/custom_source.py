"""Read a source that is not built in, by a manifest of your own: 0 lines of Python describe it.

    python examples/custom_source.py raw examples/rsar.toml

The archive or its unpacked folder lies in `raw/<id>/`, here `raw/rsar/`. `sarchat sources new`
begins such a manifest, and `sarchat build --manifests` builds with it.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from sarchat_build import open_source, read_images
from sarchat_build.types import Reject


def main(raw: str, manifest: Path) -> None:
    """Print what the manifest reads, and what it cannot use and why."""
    rejects: list[Reject] = []
    categories: Counter[str] = Counter()
    pictures = 0
    for picture in read_images(open_source(manifest, raw), rejects=rejects):
        pictures += 1
        categories.update(instance.category for instance in picture.chip.instances)
    print(f"{pictures} pictures")
    for category, count in sorted(categories.items()):
        print(f"  {category}: {count}")
    for reject in rejects:
        print(f"rejected, {reject.reason}: {reject.file} › {reject.key}: {reject.detail}")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
