"""Contact sheet: pictures of a source side by side, with the boxes that its manifest reads."""

from __future__ import annotations

import io
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from PIL import Image, ImageDraw, ImageFont

from sarchat_build.config.manifest import sort_categories
from sarchat_build.dialogues.grammar import counted
from sarchat_build.geometry.boxes import clip
from sarchat_build.images import open_scene
from sarchat_build.names import display_name
from sarchat_build.sources.files import FileRef
from sarchat_build.sources.index import SourceIndex
from sarchat_build.stable_hash import stable_hash
from sarchat_build.types import Box, Category, Instance, SourceImage, Window

COLUMNS, ROWS = 4, 3
WIDTH_PX = 1920
_MARGIN_PX, _GAP_PX, _HEAD_PX, _CAPTION_PX = 28, 20, 108, 50
_PICTURE_PX = ((WIDTH_PX - 2 * _MARGIN_PX - (COLUMNS - 1) * _GAP_PX) // COLUMNS, 342)
# Larger pictures are shown where most of their objects lie: a ship of 20 px is lost in 3,000.
_WHOLE_PX = 700
_VIEW_PX = (608, 456)
_MAX_ZOOM = 3.0
_MAX_TITLE_CHARS = 120
# More names than this hide what they name; colors remain.
_MAX_NAMED = 14
_PAPER, _INK, _FAINT, _FRAME = (17, 20, 25), (236, 239, 244), (148, 158, 172), (29, 33, 40)
# Okabe and Ito's palette: told apart by the color-blind, and on gray.
COLORS: dict[Category, tuple[int, int, int]] = {
    "ship": (86, 180, 233),
    "aircraft": (255, 176, 0),
    "car": (240, 228, 66),
    "tank": (0, 190, 130),
    "bridge": (255, 110, 60),
    "harbor": (230, 130, 190),
}


def draw_sheet(
    images: Sequence[SourceImage],
    index: SourceIndex,
    *,
    title: str,
    subtitle: str,
    progress: Callable[[int], None] = lambda done: None,
) -> Image.Image:
    """Draw some of a source's images, boxes and rotated boxes in the color of their category.

    Args:
        images: to choose from; those drawn are chosen by stable hash, every category in turn.
        index: where their bytes come from.
        title: first line.
        subtitle: second line.
        progress: is called with the number of pictures drawn.

    Returns:
        An RGB picture `WIDTH_PX` wide.
    """
    chosen = choose_images(images, COLUMNS * ROWS)
    rows = max(1, -(-len(chosen) // COLUMNS))
    cell_px = (_PICTURE_PX[0] + _GAP_PX, _PICTURE_PX[1] + _CAPTION_PX + _GAP_PX)
    height_px = _HEAD_PX + rows * cell_px[1] + _MARGIN_PX - _GAP_PX
    sheet = Image.new("RGB", (WIDTH_PX, height_px), _PAPER)
    _draw_head(sheet, chosen, title, subtitle)
    for number, image in enumerate(chosen):
        x = _MARGIN_PX + number % COLUMNS * cell_px[0]
        y = _HEAD_PX + number // COLUMNS * cell_px[1]
        _draw_cell(sheet, (x, y), image, index)
        progress(number + 1)
    return sheet


def choose_images(images: Iterable[SourceImage], count: int) -> tuple[SourceImage, ...]:
    """Choose images with objects by stable hash, taking every category in turn."""
    ordered = sorted(
        (image for image in images if image.instances),
        key=lambda image: (stable_hash("sheet", image.image_id), image.image_id),
    )
    waiting: dict[Category, list[SourceImage]] = defaultdict(list)
    for image in ordered:
        for category in {instance.category for instance in image.instances}:
            waiting[category].append(image)
    chosen: dict[str, SourceImage] = {}
    while len(chosen) < count and any(waiting.values()):
        for category in sort_categories(waiting):
            left = [image for image in waiting[category] if image.image_id not in chosen]
            if left and len(chosen) < count:
                chosen[left[0].image_id] = left[0]
            waiting[category] = left[1:]
    return tuple(chosen.values())


def view_of(image: SourceImage) -> Window:
    """Give the part of an image that is shown: all of a small one, else where most objects lie."""
    size = (image.pixels.width_px, image.pixels.height_px)
    if max(size) <= _WHOLE_PX:
        return Window(0, 0, *size)
    views = [_around(instance.bbox, size) for instance in image.instances]
    return max(views, key=lambda view: (sum(_inside(i.bbox, view) for i in image.instances), *view))


def _around(box: Box, size_px: tuple[int, int]) -> Window:
    view = (min(_VIEW_PX[0], size_px[0]), min(_VIEW_PX[1], size_px[1]))
    x, y = (
        min(max(0, int(center) - side // 2), whole - side)
        for center, side, whole in zip(box.center_px, view, size_px, strict=True)
    )
    return Window(x, y, x + view[0], y + view[1])


def _inside(box: Box, view: Window) -> bool:
    return clip(box, Box(*view)) == box


def _draw_head(
    sheet: Image.Image, chosen: Sequence[SourceImage], title: str, subtitle: str
) -> None:
    draw = ImageDraw.Draw(sheet)
    draw.text((_MARGIN_PX, 20), display_name(title, _MAX_TITLE_CHARS), fill=_INK, font=_font(26))
    draw.text(
        (_MARGIN_PX, 60), display_name(subtitle, _MAX_TITLE_CHARS), fill=_FAINT, font=_font(17)
    )
    shown = sort_categories(i.category for image in chosen for i in image.instances)
    x = WIDTH_PX - _MARGIN_PX
    for category in reversed(shown):
        x -= int(draw.textlength(category, font=_font(18)))
        draw.text((x, 26), category, fill=_INK, font=_font(18))
        draw.rectangle((x - 24, 30, x - 10, 44), fill=COLORS[category])
        x -= 48


def _draw_cell(
    sheet: Image.Image, corner: tuple[int, int], image: SourceImage, index: SourceIndex
) -> None:
    view = view_of(image)
    picture = _read(image, view, index)
    zoom = min(_PICTURE_PX[0] / picture.width, _PICTURE_PX[1] / picture.height, _MAX_ZOOM)
    size = (round(picture.width * zoom), round(picture.height * zoom))
    scaled = picture.resize(size, Image.Resampling.LANCZOS)
    _draw_boxes(scaled, image.instances, view, zoom)
    draw = ImageDraw.Draw(sheet)
    draw.rectangle(
        (*corner, corner[0] + _PICTURE_PX[0] - 1, corner[1] + _PICTURE_PX[1] - 1), _FRAME
    )
    left = corner[0] + (_PICTURE_PX[0] - size[0]) // 2
    sheet.paste(scaled, (left, corner[1] + (_PICTURE_PX[1] - size[1]) // 2))
    _draw_caption(draw, (corner[0], corner[1] + _PICTURE_PX[1] + 6), image, view)


def _read(image: SourceImage, view: Window, index: SourceIndex) -> Image.Image:
    with (
        index.files.contents(FileRef(image.archive, image.member)) as source,
        open_scene(source, image.pixels) as cut,
    ):
        return Image.open(io.BytesIO(cut(view).picture)).convert("RGB")


def _draw_caption(
    draw: ImageDraw.ImageDraw, corner: tuple[int, int], image: SourceImage, view: Window
) -> None:
    counts = Counter(instance.category for instance in image.instances)
    words = [counted(category, counts[category]) for category in sort_categories(counts)]
    size = f"{image.pixels.width_px} x {image.pixels.height_px} px"
    if (view.x1_px - view.x0_px, view.y1_px - view.y0_px) != (
        image.pixels.width_px,
        image.pixels.height_px,
    ):
        size += f", part at {view.x0_px}, {view.y0_px}"
    facts = [size, *([image.official_split] if image.official_split else []), *words]
    for row, (text, ink) in enumerate([(image.image_id, _INK), (", ".join(facts), _FAINT)]):
        font = _font(15)
        text = text.encode("ascii", "backslashreplace").decode("ascii")
        while draw.textlength(text, font=font) > _PICTURE_PX[0]:
            text = text.removesuffix("...")[:-1] + "..."
        draw.text((corner[0], corner[1] + row * 20), text, fill=ink, font=font)


@dataclass
class _NamePositions:
    """Positions of names beside their boxes, so that none covers another."""

    size_px: tuple[int, int]
    taken: list[Box] = field(default_factory=list)

    def find(self, box: Box, width_px: float, height_px: float) -> tuple[float, float] | None:
        """Give the corner at which a name fits: above, below, right or left of its box, or none."""
        x0, y0, x1, y1 = box
        left = min(max(0.0, x0), self.size_px[0] - width_px)
        tries = ((left, y0 - height_px - 2), (left, y1 + 2), (x1 + 2, y0), (x0 - width_px - 2, y0))
        whole = Box(0, 0, *self.size_px)
        for x, y in tries:
            name = Box(x, y, x + width_px, y + height_px)
            if clip(name, whole) == name and not any(clip(name, other) for other in self.taken):
                self.taken.append(name)
                return x, y
        return None


def _draw_boxes(
    picture: Image.Image, instances: Sequence[Instance], view: Window, zoom: float
) -> None:
    draw = ImageDraw.Draw(picture)
    names = _NamePositions(picture.size)
    shown = [i for i in instances if clip(i.bbox, Box(*view)) is not None]

    def to_sheet(points: Sequence[float]) -> list[float]:
        return [(value - view[n % 2]) * zoom for n, value in enumerate(points)]

    boxes = [Box(*to_sheet(instance.bbox)) for instance in shown]
    names.taken.extend(boxes if len(shown) <= _MAX_NAMED else [])
    for instance, box in zip(shown, boxes, strict=True):
        color = COLORS[instance.category]
        # The stroke lies outside the box, which is half-open: its own pixels stay visible.
        frame = (box.x_min_px - 2, box.y_min_px - 2, box.x_max_px + 1, box.y_max_px + 1)
        if instance.obb_px:
            draw.rectangle(frame, outline=tuple(value * 3 // 5 for value in color), width=1)
            corners = to_sheet(instance.obb_px)
            draw.line([*corners, *corners[:2]], fill=color, width=2, joint="curve")
        else:
            draw.rectangle(frame, outline=color, width=2)
    for instance, box in zip(shown, boxes, strict=True):
        if len(shown) <= _MAX_NAMED:
            _draw_name(draw, names, instance, box)


def _draw_name(
    draw: ImageDraw.ImageDraw, names: _NamePositions, instance: Instance, box: Box
) -> None:
    source_name = instance.source_category
    text = source_name if source_name.isascii() and source_name.isprintable() else instance.category
    font = _font(13)
    corner = names.find(box, draw.textlength(text[:24], font=font) + 8, 18)
    if corner is not None:
        x, y = corner
        end = (x + draw.textlength(text[:24], font=font) + 8, y + 18)
        draw.rectangle((x, y, *end), fill=COLORS[instance.category])
        draw.text((x + 4, y + 1), text[:24], fill=_PAPER, font=font)


# The font that Pillow brings along has Latin letters and no cross; text is kept to ASCII.
def _font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size_px)
