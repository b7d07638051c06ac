"""An independent build to be measured against: one script that shares no code with the package.

It does the same kinds of work on the same archives with its own code: lists and reads zip members,
parses VOC, decodes, hashes pixels, finds equal and nearly equal pictures, cuts scenes into chips,
encodes them as PNG, words sizes, shapes and cells, renders about as many dialogues by plain Jinja,
and writes Parquet. It leaves out what a build adds for its users: settings, odd inputs, resuming,
rejects as data, the record and the proof.

    python -m benchmarks.peer RAW OUT
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
import zipfile
from collections import defaultdict
from itertools import pairwise
from multiprocessing import Pool
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jinja2 import Environment, Template
from PIL import Image

WORKERS, CHIP_PX, OVERLAP_PX, BLOCK, SHARD_IMAGES = 2, 512, 200, 64, 512
NAMES = ["ship", "aircraft", "car", "tank", "bridge", "harbor"]
COUNT_WORDS = {0: "no", 1: "1"}
ARCHIVES: dict[str, zipfile.ZipFile] = {}
TEMPLATES: dict[str, list[tuple[Template, Template]]] = {}
# Five ways to ask, and three to answer, for each question; {0} is the opening of the question.
ASKS = {
    "classes": ("which of {{ candidates|join(', ') }} {0}?", "{{ names|join(', ') or 'None' }}."),
    "present": ("{0} any {{ name }}s?", "{{ 'Yes' if n else 'No' }}."),
    "describe": (
        "{0} in detail?",
        "{% for o in objects %}A {{ o.size }}, {{ o.shape }} {{ o.name }} lies in the {{ o.cell }}"
        "{{ '.' if loop.last else ';' }} {% endfor %}",
    ),
    "count": ("{0} {{ name }}s are there?", "{{ word }} {{ name }}{{ '' if n == 1 else 's' }}."),
    "cell": (
        "{0} {{ name }}s are in the {{ cell }}?",
        "{{ word }} {{ name }}{{ '' if n == 1 else 's' }}, in the {{ cell }}.",
    ),
    "ground": (
        "{0} the {{ name }}s?",
        "{% for o in objects %}{{ o.name }}, {{ o.cell }}: {{ o.text }}"
        "{{ '.' if loop.last else '; ' }}{% endfor %}",
    ),
    "where": ("{0} the {{ name }} number {{ n }} from the left?", "It is at {{ o.text }}."),
    "identify": ("{0} at {{ o.text }}?", "A {{ o.size }}, {{ o.shape }} {{ o.name }}."),
    "what": ("{0} in the {{ o.cell }} at {{ o.text }}?", "{{ o.name|capitalize }}."),
    "pair": (
        "{0} from {{ a.text }} to {{ b.text }}?",
        "{{ b.name|capitalize }} {{ side }} of the {{ a.name }}, {{ far }}.",
    ),
    "nearest": ("{0} is nearest to {{ a.text }}?", "{{ b.text }}, {{ far }}."),
}
OPENINGS = ("Tell me:", "In this SAR image,", "Look closely;", "Radar view:", "Please say")
CLOSINGS = ("", "Here: ", "As seen: ")
TASKS = {
    "classes": "classification", "present": "classification", "describe": "description",
    "count": "counting", "cell": "counting", "ground": "grounding", "identify": "identification",
}  # fmt: skip


class Picture(NamedTuple):
    """One picture of the dataset: a whole file, or a window of a scene."""

    source: str
    member: str
    window: tuple[int, int, int, int] | None
    split: str
    width: int
    height: int
    digest: str
    hash_bits: bytes
    variance: float
    objects: list[tuple[str, float, float, float, float]]


def start(raw: str) -> None:
    """Open the archives and compile the templates once in each process."""
    for path in sorted(Path(raw).glob("*/*.zip")):
        ARCHIVES[path.parent.name] = zipfile.ZipFile(path)
    environment = Environment(autoescape=False)
    for kind, (ask, answer) in ASKS.items():
        TEMPLATES[kind] = [
            (environment.from_string(ask.replace("{0}", o)), environment.from_string(c + answer))
            for o in OPENINGS
            for c in CLOSINGS
        ]


def split_lists(archive: zipfile.ZipFile) -> dict[str, str]:
    """Read which split the lists of an archive put each stem in."""
    return {
        stem: Path(name).stem
        for name in archive.namelist()
        if name.endswith(".txt")
        for stem in archive.read(name).decode().split()
    }


def parse(document: bytes) -> list[tuple[str, float, float, float, float]]:
    """Read the objects of a VOC document."""
    found = []
    for node in ElementTree.fromstring(document).iter("object"):
        box = node.find("bndbox")
        if box is None:
            points = [(float(p.findtext("x") or 0), float(p.findtext("y") or 0)) for p in node]
            xs, ys = [p[0] for p in points], [p[1] for p in points]
            corners = (min(xs), min(ys), max(xs), max(ys))
        else:
            x1, y1, x2, y2 = (float(box.findtext(k) or 0) for k in ("xmin", "ymin", "xmax", "ymax"))
            corners = (x1, y1, x2, y2)
        name = "ship" if node.findtext("name") == "ship" else "aircraft"
        found.append((name, *corners))
    return found


def windows(size: int) -> list[int]:
    """Give the offsets of chips along one side of a scene."""
    step = CHIP_PX - OVERLAP_PX
    return sorted({min(at, size - CHIP_PX) for at in range(0, size - OVERLAP_PX, step)})


def picture_facts(
    gray: Any, *, source: str, member: str, window: Any, split: str, objects: Any
) -> Picture:
    """Hash a picture, exactly and for its likeness."""
    pixels = np.asarray(gray)
    small = np.asarray(gray.resize((17, 16), Image.Resampling.BOX), dtype=np.int16)
    bits = np.packbits(small[:, 1:] > small[:, :-1]).tobytes()
    digest = hashlib.sha256(pixels.tobytes()).hexdigest()
    height, width = pixels.shape
    variance = float(small.var())
    return Picture(source, member, window, split, width, height, digest, bits, variance, objects)


def read_block(block: tuple[str, list[tuple[str, str, str]]]) -> list[Picture]:
    """Read pictures and their documents, and cut scenes."""
    source, members = block
    archive, found = ARCHIVES[source], []
    for member, document, split in members:
        objects = parse(archive.read(document))
        gray = Image.open(io.BytesIO(archive.read(member))).convert("L")
        facts = {"source": source, "member": member, "split": split}
        width, height = gray.size
        if max(gray.size) <= 2 * CHIP_PX and source == "ssdd":
            if objects:
                found.append(picture_facts(gray, window=None, objects=objects, **facts))
            continue
        for top in windows(height):
            for left in windows(width):
                inside = []
                for name, *b in objects:
                    x1, x2 = max(b[0] - left, 0), min(b[2] - left, CHIP_PX)
                    y1, y2 = max(b[1] - top, 0), min(b[3] - top, CHIP_PX)
                    area = (b[2] - b[0]) * (b[3] - b[1])
                    if x2 > x1 and y2 > y1 and (x2 - x1) * (y2 - y1) >= 0.7 * area:
                        inside.append((name, x1, y1, x2, y2))
                if inside:
                    window = (left, top, left + CHIP_PX, top + CHIP_PX)
                    chip = gray.crop(window)
                    found.append(picture_facts(chip, window=window, objects=inside, **facts))
    return found


def without_doubles(pictures: list[Picture]) -> list[Picture]:
    """Keep the first of each group of equal or nearly equal pictures, scene for scene."""
    bits = np.frombuffer(b"".join(p.hash_bits for p in pictures), dtype=np.uint64).reshape(-1, 4)
    flat = np.array([p.variance < 1 for p in pictures])
    seen: dict[str, int] = {}
    dropped: set[int] = set()
    for i, picture in enumerate(pictures):
        if i in dropped:
            continue
        if seen.setdefault(picture.digest, i) != i:
            dropped.add(i)
            continue
        distance = np.bitwise_count(bits[i + 1 :] ^ bits[i]).sum(axis=1, dtype=np.uint16)
        for j in np.flatnonzero((distance <= 20) & ~flat[i + 1 :]) + i + 1:
            if pictures[j].member != picture.member and not flat[i]:
                dropped.add(int(j))
    return [picture for i, picture in enumerate(pictures) if i not in dropped]


def labels(picture: Picture) -> list[dict[str, Any]]:
    """Word the size, shape and cell of each object."""
    found = []
    for name, x1, y1, x2, y2 in sorted(picture.objects, key=lambda o: o[1:]):
        share = (x2 - x1) * (y2 - y1) / (picture.width * picture.height)
        scale = ((0.4, "very large"), (0.25, "large"), (0.1, "medium"), (0.03, "small"))
        ratio = (x2 - x1) / (y2 - y1)
        cx, cy = (x1 + x2) / 2 / picture.width, (y1 + y2) / 2 / picture.height
        row = ("top", "middle", "bottom")[min(int(3 * cy), 2)]
        column = ("left", "center", "right")[min(int(3 * cx), 2)]
        found.append({
            "name": name, "box": (x1, y1, x2, y2), "cx": cx, "cy": cy,
            "size": next((word for least, word in scale if share >= least), "very small"),
            "shape": "wide" if ratio > 1.5 else "tall" if ratio < 0.67 else "square",
            "cell": "center" if (row, column) == ("middle", "center") else f"{row} {column}",
            "text": f"{{<{round(x1)}><{round(y1)}><{round(x2)}><{round(y2)}>}}",
        })  # fmt: skip
    return found


def questions(picture: Picture) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Give (kind, what the templates need, the truth) of every dialogue of a picture."""
    objects = labels(picture)
    names = sorted({o["name"] for o in objects})
    asked: list[tuple[str, dict[str, Any], dict[str, Any]]] = []
    asked.append(("classes", {"candidates": NAMES, "names": names}, {"names": names}))
    for name in NAMES[:2]:
        mine = [o for o in objects if o["name"] == name]
        asked.append(("present", {"name": name, "n": len(mine)}, {"n": len(mine)}))
        word = COUNT_WORDS.get(len(mine), str(len(mine)))
        asked.append(("count", {"name": name, "n": len(mine), "word": word}, {"n": len(mine)}))
        for cell in sorted({o["cell"] for o in mine})[:3]:
            n = sum(o["cell"] == cell for o in mine)
            asked.append(("cell", {"name": name, "n": n, "word": str(n), "cell": cell}, {"n": n}))
        if mine:
            boxes = {"boxes": [o["box"] for o in mine]}
            asked.append(("ground", {"name": name, "objects": mine}, boxes))
    asked.append(("describe", {"objects": objects[:10]}, {"n": len(objects)}))
    for n, o in enumerate(objects[:8], 1):
        truth = {"name": o["name"], "box": o["box"], "size": o["size"]}
        variables = {"o": o, "n": n, "name": o["name"]}
        asked += [(kind, variables, truth) for kind in ("where", "identify", "what")]
    for a, b in pairwise(objects[:6]):
        dx, dy = b["cx"] - a["cx"], b["cy"] - a["cy"]
        side = (
            ("right" if dx > 0 else "left") if abs(dx) > abs(dy) else "below" if dy > 0 else "above"
        )
        far = "near" if dx * dx + dy * dy < 1 / 16 else "far"
        asked.append(("pair", {"a": a, "b": b, "side": side, "far": far}, {"side": side}))
        others = [o for o in objects if o is not a]
        near = min(others, key=lambda o: (o["cx"] - a["cx"]) ** 2 + (o["cy"] - a["cy"]) ** 2)
        asked.append(("nearest", {"a": a, "b": near, "far": far}, {"box": near["box"]}))
    return asked


def write_shard(task: tuple[str, str, list[Picture]]) -> int:
    """Write one shard of pictures and its dialogues; give the number of dialogues."""
    out, name, pictures = task
    images, dialogues = [], defaultdict(list)
    for picture in pictures:
        content = ARCHIVES[picture.source].read(picture.member)
        image_id = f"{picture.source}/{Path(picture.member).stem}"
        if picture.window:
            left, top = picture.window[:2]
            image_id += f"_{left}_{top}"
            chip = Image.open(io.BytesIO(content)).convert("L").crop(picture.window)
            buffer = io.BytesIO()
            chip.save(buffer, "PNG", compress_level=1)
            content = buffer.getvalue()
        images.append({
            "image_id": image_id, "image": content, "width": picture.width,
            "height": picture.height, "sha256": picture.digest, "source": picture.source,
            "objects": [{"name": o[0], "box": o[1:]} for o in picture.objects],
        })  # fmt: skip
        for number, (kind, variables, truth) in enumerate(questions(picture)):
            chosen = hashlib.sha256(f"{image_id}/{kind}/{number}".encode()).digest()[0]
            ask, answer = TEMPLATES[kind][chosen % len(TEMPLATES[kind])]
            dialogues[TASKS.get(kind, "referring")].append({
                "id": f"{image_id}/{kind}/{number}", "image_id": image_id, "kind": kind,
                "question": ask.render(variables), "answer": answer.render(variables).strip(),
                "truth": json.dumps(truth), "template": chosen,
            })  # fmt: skip
    folder = Path(out)
    pq.write_table(pa.Table.from_pylist(images), folder / f"{name}.parquet", compression="zstd")
    for kind, rows in dialogues.items():
        table = pa.Table.from_pylist(sorted(rows, key=lambda row: str(row["id"])))
        pq.write_table(table, folder / f"{name}-{kind}.parquet", compression="zstd")
    return sum(map(len, dialogues.values()))


def main(raw: str, out: str) -> None:
    """Build."""
    start(raw)
    Path(out).mkdir(parents=True, exist_ok=True)
    blocks = []
    for source, archive in ARCHIVES.items():
        lists = split_lists(archive)
        documents = {Path(n).stem: n for n in archive.namelist() if n.endswith(".xml")}
        members = []
        for name in sorted(n for n in archive.namelist() if n.endswith(".jpg")):
            stem = Path(name).stem
            split = "test" if "_test/" in name else lists.get(stem, "train")
            members.append((name, documents[stem], "test" if split == "test" else "train"))
        blocks += [(source, members[i : i + BLOCK]) for i in range(0, len(members), BLOCK)]
    with Pool(WORKERS, start, (raw,)) as pool:
        kept = without_doubles([p for block in pool.imap(read_block, blocks) for p in block])
        tasks = []
        for split in ("train", "test"):
            mine = [picture for picture in kept if picture.split == split]
            shards = (mine[i : i + SHARD_IMAGES] for i in range(0, len(mine), SHARD_IMAGES))
            tasks += [(out, f"{split}-{n:05d}", shard) for n, shard in enumerate(shards)]
        dialogues = sum(pool.imap_unordered(write_shard, tasks))
    print(f"{len(kept):,} pictures, {dialogues:,} dialogues")


if __name__ == "__main__":
    main(*sys.argv[1:3])
