"""The picture of the README: a picture of the demo as `sarchat explore` shows it.

    python tests/support/demo_picture.py demo/dataset

The file says of which archives its dataset was built; `tests/test_readme.py` compares that with
the demo.
"""

from __future__ import annotations

import re
import sys
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

from browser import running_browser
from PIL import Image, PngImagePlugin

from sarchat_build.explorer.catalog import Catalog, open_catalog
from sarchat_build.explorer.server import ExplorerServer

REPOSITORY = Path(__file__).parents[2]
FILE = REPOSITORY / "docs" / "pictures" / "explorer.png"
SIZE = 1280, 800
SHOWN = "ssdd/000015"
_LINE = re.compile(r"synthesize --output \$\(DEMO\)/raw --source (\w+) --images (\d+)")


def archives_of_demo() -> str:
    """Say which archives `make demo` makes, and of how many images."""
    found = _LINE.findall((REPOSITORY / "Makefile").read_text(encoding="utf-8"))
    return ", ".join(f"{source} {images}" for source, images in sorted(found))


def archives_of(catalog: Catalog) -> str:
    """Say of which archives a dataset was built."""
    sources = catalog.build["sources"]
    return ", ".join(f"{s} {of['counts']['read']['images']}" for s, of in sorted(sources.items()))


def draw(dataset: str) -> None:
    """Look at a dataset, and keep what there is to see."""
    catalog = open_catalog(dataset)
    with TemporaryDirectory() as folder:
        seen = Path(folder) / "seen.png"
        with (
            ExplorerServer(catalog) as server,
            running_browser(Path(folder) / "profile") as browser,
        ):
            threading.Thread(target=server.serve_forever, daemon=True).start()
            page = browser.new_page()
            page.resize(*SIZE, phone=False)
            page.open(f"{server.url}#/picture/{SHOWN}")
            page.until("document.querySelector('.talk')")
            page.until("[...document.images].every((image) => image.complete)")
            page.screenshot(seen)
            server.shutdown()
        said = PngImagePlugin.PngInfo()
        said.add_text("Source", archives_of(catalog))
        with Image.open(seen) as picture:
            picture.convert("RGB").save(FILE, pnginfo=said, optimize=True)


if __name__ == "__main__":
    draw(sys.argv[1])
