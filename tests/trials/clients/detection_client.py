"""pycocotools and duckdb: boxes score themselves as perfect, and rows are counted by SQL."""

from __future__ import annotations

import contextlib
import io
import sys

import duckdb
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

coco, hub = sys.argv[1:]
with contextlib.redirect_stdout(io.StringIO()):
    truth = COCO(f"{coco}/annotations/instances_train.json")
    keys = ("image_id", "category_id", "bbox")
    found = [{key: a[key] for key in keys} | {"score": 1.0} for a in truth.dataset["annotations"]]
    evaluation = COCOeval(truth, truth.loadRes(found), "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
assert evaluation.stats[0] == 1.0, evaluation.stats
rows, pictures = duckdb.sql(
    f"select count(*), count(distinct image.bytes) from '{hub}/data/*.parquet'"
).fetchall()[0]
assert rows > pictures > 0
print(f"AP {evaluation.stats[0]:.1f} of {len(found)} boxes, {rows} rows of {pictures} pictures")
