"""The folder of an export: files are there whole, a finished one is not written again.

What is finished is noted in `.sarchat/export.json` until `export.json`, written last, says it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sarchat_build.dataset.output import OutputFolder, WrittenFile, open_output
from sarchat_build.errors import InputError
from sarchat_build.published.folder import DatasetFolder
from sarchat_build.published.layout import WORK_FOLDER
from sarchat_build.stable_hash import stable_hash

RECORD = "export.json"
_STATE = f"{WORK_FOLDER}/{RECORD}"
# What every file system takes; capitals stay, and a name that differs only in them is marked.
_UNSAFE = re.compile(r"[^\w@,=+.-]", re.ASCII)
_UNSAFE_OR_DOT = re.compile(r"[^\w@,=+-]", re.ASCII)
_RESERVED = re.compile(r"(?i)(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?")
_MAX_NAME_CHARS = 150


@dataclass(frozen=True, slots=True)
class Receipt:
    """A finished file: its bytes, and what is counted of it (rows, boxes and their loss)."""

    path: str
    bytes: int
    sha256: str
    rows: int
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Exported:
    """Which dialogues of a dataset the record of an export says that it holds.

    `boxes` is the name of the form of box text and `frame` what its numbers mean, "" where boxes
    are no text.
    """

    location: str
    tasks: tuple[str, ...]
    splits: tuple[str, ...]
    sources: tuple[str, ...]
    limit: int | None
    boxes: str
    frame: str

    @classmethod
    def read(cls, location: str, dataset_record: bytes) -> Exported:
        """Read the record of an export of the dataset that has this `build.json`.

        Raises:
            InputError: there is no finished export, or it is one of another dataset.
        """
        try:
            found = DatasetFolder(location).json(RECORD)
            chosen = found["selection"]
            tasks, splits = tuple(found["tasks"]), tuple(found["splits"])
            sources, limit = tuple(chosen["sources"]), chosen["limit"]
            boxes = found["boxes"]
            given = cls(location, tasks, splits, sources, limit, boxes["form"], boxes["frame"])
            digest = found["dataset_sha256"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            # Its text would say the path again.
            why = error.strerror if isinstance(error, OSError) and error.strerror else error
            raise InputError(
                f"{location}: has no {RECORD} of a finished export ({why}); give the folder that "
                "sarchat export wrote, or run that command again"
            ) from error
        if digest != hashlib.sha256(dataset_record).hexdigest():
            raise InputError(
                f"{location}: is an export of another dataset, or of an earlier build of it; give "
                "the dataset that was exported"
            )
        return given

    def holds(self, split: str, tasks: Collection[str]) -> frozenset[str]:
        """Give those of some tasks, all if empty, of which a split was exported.

        Raises:
            InputError: the export has nothing of these.
        """
        for option, wanted, own in (("--split", (split,), self.splits),
                                    ("--task", tuple(tasks), self.tasks)):  # fmt: skip
            if wanted and not set(wanted) & set(own):
                raise InputError(
                    f"{self.location}: is an export of {', '.join(own)}, not of "
                    f"{', '.join(wanted)}; give {option} {own[0]}"
                )
        return frozenset(self.tasks).intersection(tasks or self.tasks)


class ExportFolder:
    """An output folder of exports, opened for one of them: `fingerprint` tells it from others.

    Raises:
        InputError: something else lies there.
    """

    def __init__(self, location: str, fingerprint: str, *, replace: bool = False) -> None:
        self._output: OutputFolder = open_output(location)
        self._fingerprint = fingerprint
        self._receipts: dict[str, Receipt] = {}
        self._facts: Mapping[str, Any] = {}
        found = self._known()
        if found is None:
            others = [name for name in self._output.names("") if name != WORK_FOLDER]
            if others:
                shown = f"{', '.join(others[:5])}{' …' if len(others) > 5 else ''}"
                raise InputError(
                    f"{location}: holds {shown}, which is no export; give another --output"
                )
        elif found.get("fingerprint") == fingerprint:
            receipts = (Receipt(**entry) for entry in found["files"])
            self._receipts = {receipt.path: receipt for receipt in receipts}
        elif not replace:
            raise InputError(
                f"{location}: holds an export as {found.get('format')} of another dataset, or with "
                "other options; give another --output, or --replace to delete it first"
            )
        else:
            self._delete_all(found)

    def write(
        self, path: str, fill: Callable[[str], tuple[int, Mapping[str, Any]]]
    ) -> tuple[Receipt, bool]:
        """Write a file, unless it is there from an earlier run; tells whether it was.

        Args:
            path: where it belongs.
            fill: fills the file of the name it is given; gives rows and what else is counted.
        """
        known = self._receipts.get(path)
        if known and self._output.is_intact(path, _written(known)):
            return known, True
        facts: Mapping[str, Any] = {}

        def filled(name: str) -> int:
            nonlocal facts
            rows, facts = fill(name)
            return rows

        made = self._output.write(path, filled)
        receipt = Receipt(path, made.bytes, made.sha256, made.rows or 0, facts)
        self._receipts[path] = receipt
        self._output.write_json(_STATE, self._document(self._facts))
        return receipt, False

    def write_text(self, path: str, text: str) -> None:
        """Write a small document."""
        made = self._output.write_text(path, text)
        self._receipts[path] = Receipt(path, made.bytes, made.sha256, 0)

    def put(self, path: str, content: bytes) -> bool:
        """Write a picture, unless it is there; tells whether it was."""
        digest = hashlib.sha256(content).hexdigest()
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        if self._output.is_intact(path, WrittenFile(path, len(content), digest, None, md5)):
            return True

        def fill(name: str) -> None:
            Path(name).write_bytes(content)

        self._output.write(path, fill)
        return False

    def begin(self, facts: Mapping[str, Any]) -> None:
        """Note what is going to be written, before the first file of it."""
        self._facts = facts
        self._output.write_json(_STATE, self._document(facts))
        self._output.delete(RECORD)

    def finish(self, facts: Mapping[str, Any]) -> None:
        """Write the record, last of all."""
        self._output.write_json(RECORD, self._document(facts))
        self._output.prune(_STATE)
        self._output.clean()
        self._output.prune(_STATE)

    def _document(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        files = [asdict(self._receipts[path]) for path in sorted(self._receipts)]
        return {**facts, "fingerprint": self._fingerprint, "files": files}

    def _known(self) -> dict[str, Any] | None:
        for path in (RECORD, _STATE):
            found = self._output.read_json(path)
            if isinstance(found, dict) and "fingerprint" in found and "files" in found:
                return found
        return None

    def _delete_all(self, found: Mapping[str, Any]) -> None:
        """Delete what an export wrote, and nothing else."""
        for entry in found["files"]:
            self._output.prune(entry["path"])
        if found.get("picture_folder"):
            self._delete_tree(str(found["picture_folder"]))
        for path in (RECORD, _STATE):
            self._output.prune(path)

    def _delete_tree(self, folder: str) -> None:
        for name in self._output.names(folder):
            path = f"{folder}/{name}"
            if self._output.is_file(path):
                self._output.prune(path)
            else:
                self._delete_tree(path)


class SafeNames:
    """Names of files for ids of pictures, each its own on every file system.

    >>> names = SafeNames()
    >>> names.of("sar_aircraft/0004361@0,312"), names.of("ssdd/a b")
    ('sar_aircraft/0004361@0,312', 'ssdd/a_b-9c6d289d')
    >>> names.of("ssdd/P1"), names.of("ssdd/p1")
    ('ssdd/P1', 'ssdd/p1-243d060a')

    Args:
        dots: whether a name may have dots, which for some readers begin the extension.
    """

    def __init__(self, *, dots: bool = True) -> None:
        self._owners: dict[str, str] = {}
        self._unsafe = _UNSAFE if dots else _UNSAFE_OR_DOT

    def of(self, image_id: str) -> str:
        """Give `<source>/<name>`, without an extension."""
        source, _, stem = image_id.partition("/")
        name = self._unsafe.sub("_", stem)[:_MAX_NAME_CHARS]
        if name != stem or name[-1:] in (".", "") or name[0] == "." or _RESERVED.fullmatch(name):
            return f"{source}/{self._marked(name, image_id)}"
        if self._owners.setdefault(f"{source}/{name}".casefold(), image_id) != image_id:
            return f"{source}/{self._marked(name, image_id)}"
        return f"{source}/{name}"

    def _marked(self, name: str, image_id: str) -> str:
        return f"{name.replace('.', '_')}-{stable_hash(image_id) & 0xFFFFFFFF:08x}"


def _written(receipt: Receipt) -> WrittenFile:
    return WrittenFile(receipt.path, receipt.bytes, receipt.sha256, receipt.rows)
