"""Packs as they lie in folders, each read once per process: the YAML of one takes a third of a second."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pipeline.procedures.registry import LoadedPack, load_pack


@cache
def loaded_pack(folder: Path) -> LoadedPack:
    """The pack in this folder. It is shared by all tests of a process: change a copy."""
    return load_pack(folder)
