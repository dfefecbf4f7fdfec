"""Cutting a row of printed cells out of the upright page: its rules told from what was written beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import median, median_low

import numpy as np

from ocr.cutting.cut import OUTER_MM, RULE_DEPTH, Patch, View, frame_reach, inside, window_around
from ocr.imaging import Mask, find_level, shares
from ocr.layout import Box

RULE_SHARE = 0.45  # of a line across a cell that is dark where a rule runs, a dotted or worn one too
ASTRAY_MM = 0.3  # how far the rule of one cell may lie from where the row's other cells have theirs
UNEVEN_MM = 0.12  # by how much it may be thicker than the row's other rules
UNBROKEN = 0.9  # of the cell's height that a line running through it has ink in
WIDEST = 0.3  # of its width that such lines take at most
LINE_SEAM_PX = 2
Runs = list[tuple[int, int]]
"""First index and the one past the last, counted from outside."""


def cut_cells(view: View, cells: Sequence[Box]) -> list[Patch]:
    """The insides of the printed cells of one row, in the way of `cut_box`, which takes a bar near the rule for it.

    Here the row tells them apart: a rule lies where it lies in most cells and is as thick as most rules are; what one
    cell has beside its rule, or touching it, was written.
    """
    windows = [_without_lines(window_around(view, cell)) for cell in cells]
    if any(min(window.flat.shape) < 4 for window in windows):
        return windows
    edge = max(1, round(OUTER_MM * view.scale))
    bands = [round(frame_reach(cell) * view.scale) for cell in cells]
    of_cells = [_dark_runs(window, edge, band) for window, band in zip(windows, bands, strict=True)]
    sides = list(zip(*of_cells, strict=True))
    nearest = [[_nearest(runs, edge) for runs in side] for side in sides]
    thickness = _lower_median([stop - start for side in nearest for runs in side for start, stop in runs])
    cuts = [_past_rules(*of_side, thickness, edge, view.scale) for of_side in zip(sides, nearest, strict=True)]
    return [inside(window, four) for window, four in zip(windows, zip(*cuts, strict=True), strict=True)]


def _without_lines(window: Patch) -> Patch:
    """The window without lines that run down right through it and on: of the scanner's glass, of a fold."""
    ink, reach = window.ink, max(1, round(OUTER_MM * window.scale / 2))
    if len(ink) <= 2 * reach:
        return window
    through = ink[:reach].all(axis=0) & ink[-reach:].all(axis=0) & (shares(ink, 0) > UNBROKEN)
    middle = through[2 * reach : -2 * reach]  # farther out are the cell's own rules
    if not middle.any() or middle.mean() > WIDEST:
        return window
    lines = np.convolve(through, np.ones(2 * LINE_SEAM_PX + 1), "same") > 0
    return replace(window, ink=ink & ~lines)


def _dark_runs(window: Patch, edge: int, band: int) -> tuple[Runs, Runs, Runs, Runs]:
    """Where at the top, bottom, left and right of a cell most of a line across it is dark."""
    dark = window.flat < find_level(window.flat, 0.8) - RULE_DEPTH
    rows = shares(dark[:, edge:-edge], 1) > RULE_SHARE
    columns = shares(dark[edge:-edge], 0) > RULE_SHARE
    top, bottom, left, right = (_runs(side[:band]) for side in (rows, rows[::-1], columns, columns[::-1]))
    return top, bottom, left, right


def _runs(flags: Mask) -> Runs:
    found: Runs = []
    start = -1
    for place, flag in enumerate((*flags.tolist(), False)):  # a band has a dozen places: arrays would be slower
        if flag and start < 0:
            start = place
        elif not flag and start >= 0:
            found.append((start, place))
            start = -1
    return found


def _nearest(runs: Runs, place: float) -> Runs:
    """The run whose middle is nearest, if there is any."""
    return sorted(runs, key=lambda run: abs(run[0] + run[1] - 2 * place))[:1]


def _lower_median(values: Sequence[float]) -> float:
    """Of two values the smaller one; 0.0 of none."""
    return float(median_low(values)) if len(values) else 0.0


def _past_rules(sides: Sequence[Runs], nearest: Sequence[Runs], thickness: float, edge: int, scale: float) -> list[int]:
    """How much to cut off each cell at one side. nearest: of the runs of each cell, that nearest the printed place."""
    starts = [run[0] for runs in nearest for run in runs]
    if not starts:
        return [edge + 1 for _ in sides]
    start = float(median(starts))
    cuts = []
    for runs in sides:
        found = min(runs, key=lambda run: abs(run[0] - start), default=None)
        if found is None or abs(found[0] - start) > ASTRAY_MM * scale:
            past = start + thickness
        elif found[1] - found[0] > thickness + max(1.0, UNEVEN_MM * scale):
            past = found[0] + thickness
        else:
            past = found[1]
        cuts.append(max(edge, round(past) + 1))
    return cuts
