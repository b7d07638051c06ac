"""The reader of VOC undoes a writer, and survives a cut or a changed byte."""

from __future__ import annotations

import io
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from sarchat_build.config.annotation_options import AnnotationFiles, VocRule
from sarchat_build.errors import RecordError
from sarchat_build.sources.readers import voc
from sarchat_build.types import BoxFormat, RawImage, RawInstance

settings.register_profile("quick", deadline=None, max_examples=100)
settings.load_profile("quick")

# Documents hold pixels to a few digits; areas that vanish in a float have a test of their own.
RULE = VocRule(
    format="voc",
    images=("*.jpg",),
    files=(AnnotationFiles(path="*.xml"),),
    pixel_origin=0,
    max_edge="exclusive",
)
texts = st.text(st.characters(codec="ascii", categories=["L", "N", "Zs"]), max_size=12)
numbers = st.floats(allow_nan=False, allow_infinity=False)


def write_voc(image: RawImage) -> str:
    """The plainest writer there can be."""

    def objects() -> list[str]:
        return [
            f"<object><name>{raw.category}</name>"
            f"<truncated>{int(raw.truncated)}</truncated>"
            f"<difficult>{int(raw.difficult)}</difficult><bndbox>"
            + "".join(
                f"<{tag}>{value!r}</{tag}>"
                for tag, value in zip(("xmin", "ymin", "xmax", "ymax"), raw.bbox, strict=True)
            )
            + "</bndbox>"
            + ("<rotated_bndbox>" + _corners(raw.obb) + "</rotated_bndbox>" if raw.obb else "")
            + "</object>"
            for raw in image.instances
        ]

    size = f"<size><width>{image.width_px}</width><height>{image.height_px}</height></size>"
    return (
        f"<annotation><filename>{image.filename}</filename>{size}{''.join(objects())}</annotation>"
    )


def _corners(values: tuple[float, ...]) -> str:
    tags = [f"{axis}{i}" for i in "1234" for axis in "xy"]
    return "".join(f"<{tag}>{value!r}</{tag}>" for tag, value in zip(tags, values, strict=True))


instances = st.builds(
    RawInstance,
    key=st.just(""),
    category=texts.map(str.strip),
    bbox=st.tuples(*[numbers] * 4),
    bbox_format=st.just(BoxFormat.XYXY_PX),
    obb=st.one_of(st.just(()), st.tuples(*[numbers] * 8)),
    difficult=st.booleans(),
    truncated=st.booleans(),
)
raw_images = st.builds(
    RawImage,
    filename=texts.map(str.strip),
    width_px=st.integers(1, 100_000),
    height_px=st.integers(1, 100_000),
    instances=st.lists(instances, max_size=5).map(
        lambda found: tuple(
            replace(raw, key=f"object[{i}]") for i, raw in enumerate(found, start=1)
        )
    ),
)


@given(raw_images, st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le"]))
def test_voc_reader_undoes_a_writer(image: RawImage, encoding: str) -> None:
    assert list(voc.read(io.BytesIO(write_voc(image).encode(encoding)), RULE)) == [image]


@given(raw_images, st.data())
def test_voc_reader_survives_a_cut_or_a_changed_byte(image: RawImage, data: st.DataObject) -> None:
    document = bytearray(write_voc(image).encode())
    offset = data.draw(st.integers(0, len(document) - 1))
    if data.draw(st.booleans()):
        del document[offset:]
    else:
        document[offset] = data.draw(st.integers(0, 255))
    try:
        list(voc.read(io.BytesIO(bytes(document)), RULE))
    except RecordError as error:
        assert error.reason in ("encoding", "xml_parse", "xml_forbidden")
        assert error.line is None or error.line >= 1
