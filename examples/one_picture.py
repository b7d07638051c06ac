"""Take pictures of one source from their archive to their dialogues.

    python examples/one_picture.py raw ssdd

`raw` is the raw folder of a build; without archives at hand, `sarchat synthesize --output raw
--source ssdd --images 20` makes some.
"""

from __future__ import annotations

import sys
from itertools import islice

from sarchat_build import ask, open_source, read_images, render


def main(raw: str, source_id: str, limit: int = 1) -> None:
    """Print the dialogues of the first pictures of a source."""
    source = open_source(source_id, raw)
    for picture in islice(read_images(source), limit):
        print(f"{picture.chip.image_id}: {len(picture.chip.instances)} objects")
        for question in ask(picture):
            user, assistant = render(picture, question).messages
            print(f"\n  {user['content']}\n  → {assistant['content']}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
