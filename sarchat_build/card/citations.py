"""Whom to cite: the sources and the papers, in words and as BibTeX."""

from __future__ import annotations

import re

from sarchat_build.dataset.record import BuildRecord, SourceRecord
from sarchat_build.exports.licenses import plain
from sarchat_build.names import display_name

_PAPERS = """```bibtex
@article{sarchat2025,
  title  = {{SARChat-Bench-2M}: A Multi-Task Vision-Language Benchmark for {SAR} Image
            Interpretation},
  author = {Ma, Zhiming and Xiao, Xiayang and Dong, Sihao and Wang, Peidong and Wang, Haipeng
            and Pan, Qingyun},
  year   = {2025},
  eprint = {2502.08168},
  archivePrefix = {arXiv},
}
@inproceedings{sardet100k2024,
  title     = {{SARDet-100K}: Towards Open-Source Benchmark and ToolKit for Large-Scale {SAR}
               Object Detection},
  author    = {Li, Yuxuan and Li, Xiang and Li, Weijie and Hou, Qibin and Liu, Li and
               Cheng, Ming-Ming and Yang, Jian},
  booktitle = {NeurIPS},
  year      = {2024},
  eprint    = {2403.06534},
  archivePrefix = {arXiv},
}
"""
_DOI = re.compile(r"10\.\d{4,9}/[\w.;()/:-]+", re.ASCII)


def citations(record: BuildRecord) -> str:
    """Give the section that names every source, and BibTeX for them and for the papers."""
    lines = ["## Cite the sources", ""]
    for source_id, source in record.sources.items():
        cited = plain(source.citation)
        if _DOI.fullmatch(source.citation):
            cited = f"[{cited}](https://doi.org/{cited})"
        told = f"{plain(source.title)}, {plain(source.license)}"
        lines.append(f"* `{source_id}`: {told}. {cited}, {plain(source.homepage)}")
    entries = "".join(_entry(source_id, source) for source_id, source in record.sources.items())
    return (
        "\n".join(lines)
        + f"\n\nAnd the papers whose description this follows:\n\n{_PAPERS}{entries}```"
    )


def _entry(source_id: str, source: SourceRecord) -> str:
    """Give the BibTeX entry of a source: a DOI where its citation is one, else the title cited."""
    is_doi = _DOI.fullmatch(source.citation) is not None
    values = {
        "title": f"{{{_bibtex(source.title)}}}",
        "author": _bibtex(source.authors),
        "year": str(source.year or ""),
        "doi" if is_doi else "note": _bibtex(source.citation),
        "url": _bibtex(source.homepage),
    }
    lines = (f"  {key:6} = {{{value}}},\n" for key, value in values.items() if value)
    return f"@misc{{{source_id},\n{''.join(lines)}}}\n"


def _bibtex(text: str) -> str:
    """Make text of a source fit for a value of BibTeX within a block of code.

    >>> _bibtex("a {b} `c` & d")
    'a b c and d'
    """
    line = display_name(" ".join(text.split()), 1000)
    return " ".join(re.sub(r"[{}\\`<>|]", "", line.replace("&", "and")).split())
