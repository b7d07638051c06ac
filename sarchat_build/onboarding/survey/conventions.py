"""Conventions that numbers prove: first pixel and maximum edge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sarchat_build.curation.misreading import are_percents

# Fewer pictures than this may be slips of whoever drew the boxes.
_ENOUGH = 3
_SLACK = 1e-3
_SHARES_END = 1.05
MaxEdge = Literal["exclusive", "inclusive"]


@dataclass(frozen=True, slots=True)
class BoxExtent:
    """The frame of one image's boxes, in the numbers of its document, and its claimed size."""

    x_min: float
    y_min: float
    x_max: float
    y_max: float
    width_px: int | None
    height_px: int | None

    def joined(self, other: BoxExtent) -> BoxExtent:
        """Give the frame of both, for an image that comes in parts."""
        return BoxExtent(
            min(self.x_min, other.x_min),
            min(self.y_min, other.y_min),
            max(self.x_max, other.x_max),
            max(self.y_max, other.y_max),
            self.width_px,
            self.height_px,
        )


@dataclass(frozen=True, slots=True)
class ConventionFit:
    """How well boxes fit their pictures if the numbers are read in one way.

    `outside` counts pictures with a box that leaves them; `starting` and `ending` those with a box
    exactly at the first, and at the last, row or column.
    """

    pixel_origin: Literal[0, 1]
    max_edge: MaxEdge
    outside: int
    starting: int
    ending: int

    @property
    def refuted(self) -> bool:
        """Whether too many boxes would leave their pictures for this reading to be true."""
        return self.outside >= _ENOUGH

    @property
    def touches_both(self) -> bool:
        """Whether boxes seem to have been cut to the picture in just this reading."""
        return self.starting >= _ENOUGH and self.ending >= _ENOUGH


@dataclass(frozen=True, slots=True)
class CoordinateEvidence:
    """Fits of all four readings to pictures of known size.

    A key is known when every reading but those with its value is refuted. A box that ends at the
    last pixel proves nothing: tools cut there under any convention.
    """

    pictures: int
    fits: tuple[ConventionFit, ...]

    @property
    def possible(self) -> tuple[ConventionFit, ...]:
        """The readings that are not refuted; none when boxes leave their pictures anyway."""
        return tuple(fit for fit in self.fits if not fit.refuted)

    @property
    def pixel_origin(self) -> Literal[0, 1] | None:
        """The only origin that is possible."""
        origins = {fit.pixel_origin for fit in self.possible}
        return origins.pop() if len(origins) == 1 else None

    @property
    def max_edge(self) -> MaxEdge | None:
        """The only maximum edge that is possible."""
        edges = {fit.max_edge for fit in self.possible}
        return edges.pop() if len(edges) == 1 else None

    @property
    def likely(self) -> ConventionFit | None:
        """The only possible reading in which boxes seem to be cut to their pictures."""
        cut = [fit for fit in self.possible if fit.touches_both]
        return cut[0] if len(cut) == 1 else None


def compare_to_sizes(
    extents: Iterable[tuple[str, BoxExtent]], sizes: Mapping[str, tuple[int, int]]
) -> CoordinateEvidence:
    """Compare boxes with the sizes of their pictures: the real one if known, else the claim."""
    sized = [(e, sizes.get(stem) or (e.width_px or 0, e.height_px or 0)) for stem, e in extents]
    known = [(extent, size) for extent, size in sized if all(size)]
    edges: tuple[MaxEdge, ...] = ("exclusive", "inclusive")
    origins: tuple[Literal[0, 1], ...] = (0, 1)
    return CoordinateEvidence(
        len(known), tuple(_try_convention(known, o, e) for o in origins for e in edges)
    )


def shares_of_pictures(
    extents: Iterable[tuple[str, BoxExtent]], sizes: Mapping[str, tuple[int, int]]
) -> str:
    """Say what the numbers of all boxes are if they are no pixels: "" if they may be pixels.

    >>> box = BoxExtent(0.1, 0.2, 0.4, 0.9, 96, 96)
    >>> shares_of_pictures([("1", box)], {})
    'shares (0 to 1)'
    >>> shares_of_pictures([("1", box), ("2", BoxExtent(3, 4, 50, 60, 96, 96))], {})
    ''
    """
    found = [(e, sizes.get(stem) or (e.width_px or 0, e.height_px or 0)) for stem, e in extents]
    if found and all(
        min(e.x_min, e.y_min) >= -1 and max(e.x_max, e.y_max) < _SHARES_END for e, _ in found
    ):
        return "shares (0 to 1)"
    far = ((max(e.x_max, e.y_max), size) for e, size in found)
    return "percents (0 to 100)" if are_percents(far) else ""


def _try_convention(
    known: Sequence[tuple[BoxExtent, tuple[int, int]]], origin: Literal[0, 1], edge: MaxEdge
) -> ConventionFit:
    outside = starting = ending = 0
    for e, (width_px, height_px) in known:
        first = (e.x_min - origin, e.y_min - origin)
        far = 1 if edge == "inclusive" else 0
        last = (e.x_max - origin + far - width_px, e.y_max - origin + far - height_px)
        outside += min(first) < -_SLACK or max(last) > _SLACK
        starting += abs(min(first)) <= _SLACK
        ending += abs(max(last)) <= _SLACK
    return ConventionFit(origin, edge, outside, starting, ending)
