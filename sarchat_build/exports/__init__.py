"""A finished dataset in the format of a trainer, a harness or a detector.

`export.py` leads; a format is a module in a folder beside it: what it writes, and which commands
read that. This module imports nothing, so that the command line may refuse early.
"""

from __future__ import annotations

# By name, with what it is for; `formats.py` has the code of each.
FORMATS = {
    "hub": "Parquet for load_dataset, pictures in every row, stored once",
    "ms-swift": "JSONL for ms-swift, which trains all models of the paper",
    "llava": "JSON of LLaVA",
    "llama-factory": "JSON and dataset_info.json of LLaMA-Factory",
    "qwen-vl": "JSONL of Qwen-VL's own trainer",
    "internvl": "JSONL and meta file of InternVL",
    "trl": "Parquet for TRL and Axolotl",
    "webdataset": "tar files, one sample per picture (Energon reads them)",
    "finevision": "Parquet as FineVision, one row per picture",
    "coco": "boxes as COCO JSON",
    "yolo": "boxes as YOLO text files",
    "lmms-eval": "tasks of lmms-eval that read the dataset itself",
    "vlmevalkit": "TSV files and a dataset class of VLMEvalKit",
    "evalscope": "JSONL of EvalScope's general_vqa",
    "openai-batch": "requests for vLLM run-batch and batch services",
}
