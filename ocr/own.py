"""The networks of our own that ship with this package (`ocr/models`, made by `training/`), and the calibration."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock

from ocr import glyphs
from ocr.confidence import calibration
from ocr.confidence.calibration import Calibration
from ocr.glyphs import GlyphModel
from ocr.marks import ticks


@dataclass(frozen=True)
class OwnModels:
    """cells: reads characters in cells; ticks: tells marks apart. None: it is done without (lines, rules).

    calibration: how sure readings by these truly are. None: the engines' own confidence stands.
    """

    cells: GlyphModel | None = None
    ticks: GlyphModel | None = None
    calibration: Calibration | None = None


NO_MODELS = OwnModels()
_LOADING = Lock()


def own_models() -> OwnModels:
    """Those whose files are here, loaded once; they may be used from several threads."""
    with _LOADING:
        return _load()


@cache
def _load() -> OwnModels:
    return OwnModels(_open(glyphs.MODEL), _open(ticks.MODEL), calibration.load())


def _open(path: Path) -> GlyphModel | None:
    return GlyphModel(path) if path.is_file() else None
