"""One export from its request to `export.json`: licenses, files one by one, figures."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from sarchat_build.archives.location import absolute
from sarchat_build.dataset.record import SourceRecord
from sarchat_build.errors import ConfigurationError, Issue
from sarchat_build.exports.box_text import (
    FORMS,
    RESIZING,
    Box,
    BoxForm,
    LimitsError,
    form_of,
    in_form,
)
from sarchat_build.exports.folder import ExportFolder, SafeNames
from sarchat_build.exports.licenses import licenses_text, refuse_unaccepted
from sarchat_build.exports.reading import Dataset, Dialogue, Item, Picture, Selection, Shard
from sarchat_build.progress import ProgressBar, no_progress
from sarchat_build.published.layout import SPLITS
from sarchat_build.report.origin import synthetic_sources
from sarchat_build.suggestions import advice
from sarchat_build.version import __version__


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What is asked for: a dataset, a format, a folder, and which part in which words.

    `boxes` is the name of a form of box text ("" for the format's own), `accepted` ids of licenses
    or sources, `max_words` the budget of a row where a format has one, `model` what requests name.
    """

    dataset: str
    format: str
    output: str
    selection: Selection = field(default_factory=Selection)
    boxes: str = ""
    accepted: tuple[str, ...] = ()
    max_words: int = 1500
    model: str = "MODEL"
    replace: bool = False


@dataclass(slots=True)
class BoxLoss:
    """What the numbers of a form lose: IoU of each written box with what is read back from it."""

    boxes: int = 0
    iou_sum: float = 0.0
    iou_min: float = 1.0

    def note(self, box: Sequence[float], read_back: Box) -> None:
        """Count one box."""
        width = min(box[2], read_back[2]) - max(box[0], read_back[0])
        height = min(box[3], read_back[3]) - max(box[1], read_back[1])
        shared = max(0.0, width) * max(0.0, height)
        areas = sum((b[2] - b[0]) * (b[3] - b[1]) for b in (box, read_back))
        iou = shared / (areas - shared) if areas > shared else 0.0
        self.boxes += 1
        self.iou_sum += iou
        self.iou_min = min(self.iou_min, iou)

    def add(self, other: BoxLoss) -> None:
        """Add what was counted elsewhere."""
        self.boxes += other.boxes
        self.iou_sum += other.iou_sum
        self.iou_min = min(self.iou_min, other.iou_min)


class FileUnit(NamedTuple):
    """One file of an export: what is read for it, and what fills it.

    `fill` gets the name of the file and the pictures with their dialogues; it gives the number of
    rows. Files of pictures are read where `content` is set.
    """

    path: str
    shards: tuple[Shard, ...]
    tasks: tuple[str, ...]
    fill: Callable[[str, Iterator[Item]], int]
    content: bool = False


@dataclass(slots=True)
class Export:
    """What a format is given to say which files it writes.

    `form` is that of box text, None where boxes are no text; `rewrites` is False where the format
    has a form of its own, and `form` only says what its numbers lose.
    """

    request: ExportRequest
    dataset: Dataset
    boxes: str
    form: BoxForm | None
    rewrites: bool
    shards: list[Shard]
    tasks: tuple[str, ...]
    sources: dict[str, SourceRecord]
    names: dict[str, SafeNames] = field(default_factory=dict)

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that are exported, in order."""
        there = {shard.split for shard in self.shards}
        return tuple(split for split in SPLITS if split in there)

    def of_split(self, split: str) -> tuple[Shard, ...]:
        """Give the shards of a split."""
        return tuple(shard for shard in self.shards if shard.split == split)

    def picture_name(self, picture: Picture) -> str:
        """Give the name of a picture's file below the folder of pictures."""
        name = self.names.setdefault(picture.split, SafeNames()).of(picture.image_id)
        return f"{picture.split}/{name}{picture.suffix}"


@dataclass(frozen=True, slots=True)
class Format:
    """A format: which files it is made of, and who reads them.

    Attributes:
        units: the large files, each of which is written on its own.
        documents: small files by path, made from what was counted of the large ones.
        boxes: the form of box text where none is asked for; "" where boxes are no text.
        own_boxes: forms that only this format has, with the frame of each.
        picture_folder: where picture files lie; "" where there are none.
        beside: small files beside that of a picture: path and text of each.
        has_pixels: whether pictures are exported at all.
        splits: those that are exported where none is asked for.
        next_steps: commands to go on with; `{dir}` is the folder.
    """

    name: str
    units: Callable[[Export], list[FileUnit]]
    documents: Callable[[Export, Mapping[str, int]], Mapping[str, str]] = lambda e, rows: {}
    boxes: str = "native"
    own_boxes: Mapping[str, str] = field(default_factory=dict)
    picture_folder: str = ""
    beside: Callable[[Export, Picture], Iterator[tuple[str, str]]] = lambda e, picture: iter(())
    has_pixels: bool = True
    splits: tuple[str, ...] = SPLITS
    next_steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExportResult:
    """What an export is made of; `restricted` are sources whose pictures stay with the user."""

    pictures: int
    rows: int
    files: int
    reused: int
    boxes: str
    frame: str
    loss: BoxLoss
    restricted: list[str]


def run_export(
    request: ExportRequest, form: Format, progress: ProgressBar = no_progress
) -> ExportResult:
    """Write a dataset in a format; running it again goes on where it was cut off.

    Raises:
        ConfigurationError: an option does not fit the format or the dataset, or a license is not
            accepted.
        InputError: the dataset cannot be read, or the folder holds something else.
    """
    _refuse_inside(request)
    dataset = Dataset(request.dataset)
    boxes = request.boxes or form.boxes
    box_form = _box_form(request, form)
    export = Export(
        request,
        dataset,
        boxes,
        box_form,
        boxes not in form.own_boxes,
        dataset.shards(request.selection, form.splits),
        dataset.tasks(request.selection),
        _sources(dataset, request.selection),
    )
    if not export.shards or not export.tasks:
        raise ConfigurationError([Issue("--split, --task", "", "the dataset has nothing of these")])
    restricted = refuse_unaccepted(export.sources, request.accepted) if form.has_pixels else []
    folder = ExportFolder(request.output, _fingerprint(export, form), replace=request.replace)
    frame = box_form.frame if box_form else ""
    facts: dict[str, Any] = {
        "format": request.format,
        "dataset_sha256": hashlib.sha256(dataset.record_bytes).hexdigest(),
        "version": __version__,
        "selection": asdict(request.selection),
        "splits": list(export.splits),
        "tasks": list(export.tasks),
        "boxes": {"form": boxes, "frame": frame},
        "picture_folder": form.picture_folder,
        "restricted_sources": restricted,
        "synthetic_sources": synthetic_sources(export.sources),
    }
    units = form.units(export)
    shown = sum(s.chosen for s in (export.shards if form.picture_folder else ()))
    total = shown + sum(shard.chosen for unit in units for shard in unit.shards)
    folder.begin(facts)
    loss, rows, reused, done = BoxLoss(), {}, 0, 0
    with progress("export", total) as show:
        if form.picture_folder:
            for item in _read(export, export.shards, (), content=True):
                path = f"{form.picture_folder}/{export.picture_name(item.picture)}"
                folder.put(path, item.picture.content)
                for other, text in form.beside(export, item.picture):
                    folder.put(other, text.encode())
                done += 1
                show(done)
        done = shown
        for unit in units:
            unit_loss = BoxLoss()
            items = _counted(_items(export, unit, unit_loss), show, done)

            def fill(name: str, unit: FileUnit = unit, items: Iterator[Item] = items,
                     lost: BoxLoss = unit_loss) -> tuple[int, Mapping[str, Any]]:  # fmt: skip
                return unit.fill(name, items), {"boxes": asdict(lost)}

            receipt, was_there = folder.write(unit.path, fill)
            rows[unit.path] = receipt.rows
            reused += was_there
            loss.add(BoxLoss(**receipt.facts["boxes"]))
            done += sum(shard.chosen for shard in unit.shards)
            show(done)
    documents = dict(form.documents(export, rows))
    if form.has_pixels:
        documents["LICENSES.md"] = licenses_text(export.sources, restricted)
    for path, text in documents.items():
        folder.write_text(path, text)
    mean = loss.iou_sum / loss.boxes if loss.boxes else None
    figures = {"boxes": loss.boxes, "iou_mean": mean, "iou_min": loss.iou_min if mean else None}
    folder.finish({**facts, "boxes": {**facts["boxes"], **figures}})
    pictures = sum(shard.chosen for shard in export.shards)
    files = len(units) + len(documents)
    return ExportResult(pictures, sum(rows.values()), files, reused, boxes, frame, loss, restricted)


def _items(export: Export, unit: FileUnit, loss: BoxLoss) -> Iterator[Item]:
    for item in _read(export, unit.shards, unit.tasks, content=unit.content):
        if export.form is None:
            yield item
        else:
            form, size = export.form, item.picture.size
            reworded = [_reworded(dialogue, form, size, loss) for dialogue in item.dialogues]
            yield item._replace(dialogues=reworded) if export.rewrites else item


def _reworded(dialogue: Dialogue, form: BoxForm, size: tuple[int, int], loss: BoxLoss) -> Dialogue:
    turns = in_form(form, dialogue.turns, dialogue.objects, size, loss.note)
    return replace(dialogue, turns=turns)


def _read(
    export: Export, shards: Sequence[Shard], tasks: Sequence[str], *, content: bool
) -> Iterator[Item]:
    sources = export.request.selection.sources
    for shard in shards:
        yield from export.dataset.read(shard, tasks, sources, content=content)


def _counted(items: Iterator[Item], show: Callable[[int], None], done: int) -> Iterator[Item]:
    for number, item in enumerate(items, done + 1):
        yield item
        show(number)


def _box_form(request: ExportRequest, form: Format) -> BoxForm | None:
    """Give the form of box text; None where boxes are no text, or the format's own."""
    name = request.boxes or form.boxes
    if request.boxes and not form.boxes:
        message = f"boxes are no text in the format {form.name}; leave it out"
        raise ConfigurationError([Issue("--boxes", request.boxes, message)])
    if not name:
        return None
    try:
        return form_of(form.own_boxes.get(name, name))
    except LimitsError as error:
        raise ConfigurationError([Issue("--boxes", name, str(error))]) from None
    except ValueError:
        known = [*form.own_boxes, *FORMS]
        near = advice(name, known) or f"; known: {', '.join(known)}"
        sizes = f"; input:WxH, or input:MODEL of {', '.join(RESIZING)}, is pixels as it is resized"
        more = sizes if name.startswith("input") else near
        message = f"no form of box text{more}"
        raise ConfigurationError([Issue("--boxes", name, message)]) from None


def _refuse_inside(request: ExportRequest) -> None:
    """Refuse an export among the files of a dataset, which would no longer be proven."""
    dataset, output = map(absolute, (request.dataset, request.output))
    if f"{output}/".startswith(f"{dataset.rstrip('/')}/"):
        message = "lies in the dataset itself; give a folder beside it"
        raise ConfigurationError([Issue("--output", request.output, message)])


def _sources(dataset: Dataset, selection: Selection) -> dict[str, SourceRecord]:
    # A source of which nothing was kept has no picture that could be passed on.
    there = {i: s for i, s in dataset.record.sources.items() if s.counts.written.images}
    for source_id in selection.sources:
        if source_id not in there:
            message = f"the dataset has no picture of it{advice(source_id, there)}"
            raise ConfigurationError([Issue("--source", source_id, message)])
    return {i: s for i, s in there.items() if not selection.sources or i in selection.sources}


def _fingerprint(export: Export, form: Format) -> str:
    """Digest all that decides the bytes of an export: dataset, request, code."""
    request = export.request
    code = hashlib.sha256()
    package = Path(__file__).parent
    for path in sorted(package.rglob("*.py")):
        code.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    decisive = {
        "dataset": hashlib.sha256(export.dataset.record_bytes).hexdigest(),
        "location": request.dataset if form.name == "lmms-eval" else "",
        "format": form.name,
        "selection": asdict(request.selection),
        "boxes": request.boxes,
        "max_words": request.max_words,
        "model": request.model,
        "code": code.hexdigest(),
    }
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:32]
