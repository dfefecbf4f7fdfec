"""Where a form lies in a picture: a map between millimetres and pixels, from its markers, its print or both.

Markers give a straight map at once; without them the print of the empty page is looked for. Then patches of print tell
how far off the map is here and there: a sheet that was stretched by a feeder or folded is followed, and what remains
in doubt is the estimated error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, combinations

import cv2
import numpy as np

from ocr.engine import Image
from ocr.layout import REFERENCE_DPI, Box, PageLayout
from ocr.place.bend import STEP_MM, Bend, Fold, Grid
from ocr.place.folds import settle_fold
from ocr.place.geometry import MM_PER_INCH, Matrix, Points, affinity, apply, corners_of, quarter_turn
from ocr.place.markers import MarkerFit, fit_markers
from ocr.place.patches import measure
from ocr.place.print_match import Print, Small, find_print, fit_print, make_small
from ocr.place.smoothing import Smoothed, find_folds, smooth
from ocr.place.warping import warp

ENOUGH_MARKERS = 3
FLAT_MM = 0.15
"""Off by less than this, the map of the markers is left as it is."""
STRAIGHT_MM = 0.06
FOLD_MM = 4.0  # how far off a fold may be from where it was found
NEAR_MM, FAR_MM = 1.25, 3.5
PROBED = 3  # every third patch tells whether a sheet is flat
PROBES_SEEN = 0.4
ROUGHLY, BETTER, WELL_SEEN = (
    3,
    0.03,
    0.6,
)  # looks from afar, as long as each finds more of the print, until it is enough
ENOUGH_PATCHES = 8
SEEN = 0.35
"""Share of the patches that must be found where a sheet's print says; a form of another kind shows fewer."""
ALIKE = 0.7  # a second form that is seen as well as this leaves it open which it is
WIDER = 1.15
UNSEEN_MM = 1.5  # estimated error where markers stand but the print is not where they say


@dataclass(frozen=True)
class Registration:
    """The map of one page.

    matrix: 3x3, millimetres on the form, after the bend, to pixels in the picture as given.
    error_mm: estimated error of a box, the page over.
    rotation: degrees the picture must be turned clockwise to stand upright (0, 90, 180, 270).
    markers: how many markers hold it; 0 when it is held by the print alone.
    bend: how far the print of a stretched or folded sheet lies from where the matrix alone would put it.
    errors: estimated error place by place, where the print was measured.
    """

    matrix: Matrix
    error_mm: float
    rotation: int
    markers: int
    width_mm: float
    height_mm: float
    bend: Bend | None = None
    errors: Grid | None = None

    @property
    def dpi(self) -> float:
        """Resolution of the picture, from the size of the form in it."""
        return _dpi(self.matrix, self.width_mm, self.height_mm)

    def to_px(self, points_mm: Points) -> Points:
        """Pixels [N, 2] of points [N, 2] in millimetres."""
        bent = points_mm if self.bend is None else points_mm + self.bend.at(points_mm)
        return apply(self.matrix, bent)

    def boxes_px(self, boxes: Sequence[Box]) -> list[tuple[int, int, int, int]]:
        """The upright rectangle x0, y0, x1, y1 around each box, in the picture as given."""
        corners = self.to_px(_corners(boxes)).reshape(-1, 4, 2)
        edges = np.hstack([np.floor(corners.min(axis=1)), np.ceil(corners.max(axis=1))])
        return [(int(x0), int(y0), int(x1), int(y1)) for x0, y0, x1, y1 in edges]

    def errors_mm(self, boxes: Sequence[Box]) -> list[float]:
        """Estimated error of each box, in millimetres."""
        if self.errors is None:
            return [self.error_mm] * len(boxes)
        corners = _corners(boxes)
        errors = self.errors.at(corners).reshape(-1, 4).max(axis=1)
        for fold in self.bend.folds if self.bend else ():
            near = np.array([fold.gap(four) < FOLD_MM for four in corners.reshape(-1, 4, 2)], np.bool_)
            errors = np.where(near, np.hypot(errors, 0.6 * fold.size_mm), errors)
        return [float(error) for error in errors]

    def error_mm_at(self, box: Box) -> float:
        """Estimated error of this box, in millimetres."""
        return self.errors_mm([box])[0]

    def warp(self, image: Image, dpi: float) -> Image:
        """The upright, straightened page, where a millimetre is dpi / 25.4 pixels from the top left."""
        scale = dpi / MM_PER_INCH
        size = (round(self.width_mm * scale), round(self.height_mm * scale))
        source = image
        if self.dpi / dpi > 1.5:
            source = np.asarray(cv2.blur(image, (2, 2)), np.uint8)
        return warp(source, self.matrix, self.bend, size, scale)


def register(image: Image, layout: PageLayout) -> Registration | None:
    """The page's registration, or None when neither the layout's markers nor its print are seen."""
    held = fit_markers(image, layout)
    known = find_print(layout)
    if known is None or len(known.patches) < ENOUGH_PATCHES:
        return _by_markers(held, layout) if held else None
    if held is None or held.markers < ENOUGH_MARKERS:
        return _by_print(image, known, layout) or (_by_markers(held, layout) if held else None)
    small = make_small(image, REFERENCE_DPI / _dpi(held.matrix, layout.width_mm, layout.height_mm))
    return _by_both(small, held, known, layout)


def find_form(image: Image, layouts: Sequence[PageLayout]) -> PageLayout | None:
    """Which of the layouts a page is, by its print alone; None when it is none of them, or not clearly one."""
    small = {size: _fitted(image, size) for size in {_longest_mm(layout) for layout in layouts}}
    seen = [_share_seen(small[_longest_mm(layout)], layout) for layout in layouts]
    best = sorted(range(len(layouts)), key=lambda n: seen[n], reverse=True)[:2]
    if not best or seen[best[0]] < SEEN or any(seen[other] > ALIKE * seen[best[0]] for other in best[1:]):
        return None
    return layouts[best[0]]


def _share_seen(small: Small, layout: PageLayout) -> float:
    known = find_print(layout)
    if known is None or len(known.patches) < ENOUGH_PATCHES:
        return 0.0
    matrix = fit_print(small, known)
    return 0.0 if matrix is None else _look(small, matrix, known, layout)[1]


def _by_markers(held: MarkerFit, layout: PageLayout) -> Registration:
    return _straight(held.matrix, held.error_mm, held.markers, layout)


def _by_both(small: Small, held: MarkerFit, known: Print, layout: PageLayout) -> Registration:
    """The map of the markers, followed by the print where the sheet is not flat."""
    probes = measure(small, held.matrix, None, known, NEAR_MM, PROBED)
    smoothed = smooth(probes, layout.width_mm, layout.height_mm)
    off_mm = np.linalg.norm(smoothed.bend.at(probes.points), axis=1)
    if len(off_mm) >= PROBES_SEEN * len(probes.tried) and float(np.percentile(off_mm, 95)) < FLAT_MM:
        error = float(np.sqrt(np.mean(off_mm**2) + np.mean(smoothed.errors.at(probes.points) ** 2)))
        return _straight(held.matrix, max(held.error_mm, error), held.markers, layout)
    smoothed, seen = _follow(small, held.matrix, known, layout)
    if seen < SEEN:
        return _straight(held.matrix, max(held.error_mm, UNSEEN_MM), held.markers, layout)
    return _bent(held.matrix, smoothed, held.markers, layout)


def _by_print(image: Image, known: Print, layout: PageLayout) -> Registration | None:
    """The map that the print alone holds; None when the picture is of another form."""
    small = _fitted(image, _longest_mm(layout))
    matrix = fit_print(small, known)
    if matrix is None:
        return None
    share = REFERENCE_DPI / _dpi(matrix, layout.width_mm, layout.height_mm)
    if share > WIDER * small.share:  # the glass was larger than the sheet
        small = make_small(image, share)
    smoothed, seen = _follow(small, matrix, known, layout)
    return None if seen < SEEN else _bent(matrix, smoothed, 0, layout)


def _follow(small: Small, matrix: Matrix, known: Print, layout: PageLayout) -> tuple[Smoothed, float]:
    """How the sheet departs from the map, first roughly and from afar; and the share of patches that were found."""
    size = (layout.width_mm, layout.height_mm)
    bend, _ = _look(small, matrix, known, layout)
    fine = measure(small, matrix, bend, known, NEAR_MM)
    smoothed = smooth(fine, *size)
    folds = find_folds(fine, smoothed)
    while folds:
        folded = smooth(fine, *size, folds).bend
        # Each against what the others explain without it, all of them and some: two false ones next to each other, a
        # step and its undoing, would else speak for each other.
        plain = {some: smooth(fine, *size, some).bend for some in _subsets(folds)}
        settled = [
            settle_fold(small, matrix, folded, [bend for some, bend in plain.items() if fold not in some], known, n)
            for n, fold in enumerate(folds)
        ]
        kept = tuple(fold for fold in settled if fold is not None)
        if len(kept) == len(folds):
            smoothed = smooth(fine, *size, kept)
            break
        folds = tuple(fold for fold, one in zip(folds, settled, strict=True) if one is not None)
    return smoothed, float(np.count_nonzero(smoothed.trusted)) / max(1, len(fine.tried))


def _subsets(folds: tuple[Fold, ...]) -> Iterator[tuple[Fold, ...]]:
    """All of the choices among some folds but that of all."""
    return chain.from_iterable(combinations(folds, count) for count in range(len(folds)))


def _look(small: Small, matrix: Matrix, known: Print, layout: PageLayout) -> tuple[Bend | None, float]:
    """How the sheet departs from the map, roughly; and the share of the print that was found."""
    bend, seen = None, 0.0
    for _ in range(ROUGHLY):
        far = measure(small, matrix, bend, known, FAR_MM, half=True)
        rough = smooth(far, layout.width_mm, layout.height_mm)
        share = float(np.count_nonzero(rough.trusted)) / max(1, len(far.tried))
        if share < seen + BETTER:
            break
        bend, seen = rough.bend, share
        if seen > WELL_SEEN:
            break
    return bend, seen


def _bent(matrix: Matrix, smoothed: Smoothed, markers: int, layout: PageLayout) -> Registration:
    """The straight part of the moves goes into the matrix; what remains is the bend, unless it is next to nothing."""
    grid = smoothed.bend.grid.values
    rows, columns, _ = grid.shape
    y, x = np.mgrid[0:rows, 0:columns]
    nodes = np.stack([x.ravel(), y.ravel()], axis=1) * STEP_MM
    moved = nodes + grid.reshape(-1, 2)
    straight = affinity(nodes, moved)
    back = np.asarray(np.linalg.inv(straight), np.float64)
    rest = (apply(back, moved) - nodes).reshape(grid.shape)
    folds = tuple(replace(fold, move=tuple(back[:2, :2] @ fold.move)) for fold in smoothed.bend.folds)
    bend = Bend(Grid(rest), folds) if folds or np.abs(rest).max() > STRAIGHT_MM else None
    whole = matrix @ straight
    rotation = quarter_turn(whole, layout.width_mm, layout.height_mm)
    error = float(np.median(smoothed.errors.values))
    return Registration(whole, error, rotation, markers, layout.width_mm, layout.height_mm, bend, smoothed.errors)


def _corners(boxes: Sequence[Box]) -> Points:
    return np.vstack([np.zeros((0, 2)), *(corners_of(box) for box in boxes)])


def _straight(matrix: Matrix, error_mm: float, markers: int, layout: PageLayout) -> Registration:
    rotation = quarter_turn(matrix, layout.width_mm, layout.height_mm)
    return Registration(matrix, error_mm, rotation, markers, layout.width_mm, layout.height_mm)


def _longest_mm(layout: PageLayout) -> float:
    return max(layout.width_mm, layout.height_mm)


def _fitted(image: Image, longest_mm: float) -> Small:
    """The picture made small on the assumption that it shows a page of this length and little more."""
    return make_small(image, REFERENCE_DPI / MM_PER_INCH * longest_mm / max(image.shape[:2]))


def _dpi(matrix: Matrix, width_mm: float, height_mm: float) -> float:
    corners = apply(matrix, corners_of(Box(0, 0, width_mm, height_mm)))
    diagonal = float(np.linalg.norm(corners[2] - corners[0]))
    return diagonal / float(np.hypot(width_mm, height_mm)) * MM_PER_INCH
