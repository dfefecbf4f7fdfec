"""Packs from their folders or zips, checked once.

A pack may come from another city, so its zip is untrusted. It is read here and not in a sandbox: zip and YAML are read
in Python, in memory, and under limits on what Python cannot bound itself. Names in a zip are only looked up, never
written to, so that a link or a path out of the folder leads nowhere.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from pydantic import ValidationError

from pipeline.procedures.pack import Procedure
from pipeline.procedures.rules_check import find_problems

MAIN_FILE = "procedure.yaml"
MAX_FILES = 500
MAX_ZIP_BYTES = 10_000_000
MAX_BYTES = 1_000_000
"""Of all texts of a pack, some twenty times what one has; YAML is read at 0.1 MB a second."""
MAX_VALUES = 100_000
"""Of one text, each counted as often as it is referred to: a few references can stand for billions."""
_PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""The ways of packing that are unpacked no further than asked."""
# What zipfile raises for broken, locked or odd archives, found by cutting and flipping bytes of good ones.
_BROKEN_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    RuntimeError,
    NotImplementedError,
    EOFError,
    OSError,
    ValueError,
    OverflowError,
    IndexError,
)


class PackError(Exception):
    """A pack that cannot be used: which file of it, where in the file, and what is wrong there.

    code: pack_not_found, pack_unreadable or pack_invalid.
    """

    def __init__(self, code: str, file: str, problem: str) -> None:
        self.code, self.file, self.problem = code, file, problem
        super().__init__(f"{code}: {file}: {problem}")


@dataclass(frozen=True)
class LoadedPack:
    """A pack that was checked.

    digest: SHA-256 (hex) of its content in canonical JSON, the same for folder and zip and any YAML layout.
    files: relative names it was made of, sorted.
    """

    procedure: Procedure
    digest: str
    files: tuple[str, ...]


def load_pack(source: Path | bytes) -> LoadedPack:
    """The pack in a folder, a zip file or a zip's bytes. Raises PackError naming file and place."""
    texts = _texts_of(source)
    if MAIN_FILE not in texts:
        raise PackError("pack_not_found", MAIN_FILE, "the pack has no such file")
    content = _mapping(MAIN_FILE, texts[MAIN_FILE])
    forms = {name: _mapping(name, text) for name, text in sorted(texts.items()) if name != MAIN_FILE}
    inline = content.pop("forms", None) or []
    if not isinstance(inline, list):
        raise PackError("pack_invalid", MAIN_FILE, "forms: not a list")
    procedure = _validate({**content, "forms": inline + list(forms.values())}, len(inline), list(forms))
    for place, problem in find_problems(procedure):
        raise PackError("pack_invalid", MAIN_FILE, f"{place}: {problem}")
    return LoadedPack(procedure, digest_of(procedure), tuple(sorted(texts)))


def digest_of(procedure: Procedure) -> str:
    """SHA-256 (hex) of the pack's content; any change of a rule changes it."""
    canonical = json.dumps(procedure.model_dump(mode="json"), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _texts_of(source: Path | bytes) -> dict[str, str]:
    if isinstance(source, Path) and source.is_dir():
        paths = [source / MAIN_FILE, *sorted((source / "forms").glob("*.yaml"))]
        raw = {path.relative_to(source).as_posix(): path.read_bytes() for path in paths if path.is_file()}
    else:
        raw = _zip_files(source.read_bytes() if isinstance(source, Path) else source)
    return {name: _decoded(name, data) for name, data in raw.items()}


def _zip_files(data: bytes) -> dict[str, bytes]:
    """The YAML files of a zip, read in memory; a top folder is taken off, as zips of folders have one."""
    if len(data) > MAX_ZIP_BYTES:
        raise PackError("pack_unreadable", "zip", "too large")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            if len(infos) > MAX_FILES:
                raise PackError("pack_unreadable", "zip", "too many files")
            tops = {len(PurePosixPath(i.filename).parts) for i in infos if i.filename.endswith(MAIN_FILE)}
            skip = min(tops) - 1 if tops else 0
            named = [("/".join(PurePosixPath(info.filename).parts[skip:]), info) for info in infos]
            wanted = [(name, info) for name, info in named if _is_pack_file(name)]
            if sum(info.file_size for _, info in wanted) > MAX_BYTES:
                raise PackError("pack_unreadable", "zip", "too large")
            if len({name for name, _ in wanted}) < len(wanted):
                raise PackError("pack_unreadable", "zip", "two files of one name")
            if any(info.compress_type not in _PLAIN for _, info in wanted):
                raise PackError("pack_unreadable", "zip", "packed in a way that is not read")
            return {name: archive.read(info) for name, info in wanted}
    except _BROKEN_ZIP:
        raise PackError("pack_unreadable", "zip", "not a readable zip") from None


def _is_pack_file(name: str) -> bool:
    return name == MAIN_FILE or (name.startswith("forms/") and name.endswith(".yaml"))


def _decoded(name: str, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise PackError("pack_unreadable", name, "not UTF-8") from None


def _mapping(name: str, text: str) -> dict[str, Any]:
    try:
        content = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise PackError("pack_unreadable", name, f"{place}{error.problem}") from None
    except yaml.YAMLError:
        raise PackError("pack_unreadable", name, "not YAML") from None
    except ValueError:  # a number or a day that cannot be
        raise PackError("pack_unreadable", name, "a value that cannot be") from None
    except RecursionError:
        raise PackError("pack_unreadable", name, "nested too deep") from None
    if not isinstance(content, dict):
        raise PackError("pack_unreadable", name, "not a mapping")
    _check_weight(name, content)
    return content


def _check_weight(name: str, content: dict[str, Any]) -> None:
    try:
        if _weight(content, {}) > MAX_VALUES:
            raise PackError("pack_unreadable", name, "too many values")
    except RecursionError:
        raise PackError("pack_unreadable", name, "refers to itself, or nested too deep") from None


def _weight(value: Any, known: dict[int, int]) -> int:
    """How many values there are, were each reference written out."""
    if not isinstance(value, dict | list):
        return 1
    if id(value) not in known:
        inner = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_weight(one, known) for one in inner)
    return known[id(value)]


def _validate(content: Mapping[str, Any], inline: int, form_files: list[str]) -> Procedure:
    try:
        return Procedure.model_validate(content)
    except ValidationError as error:
        location = error.errors()[0]["loc"]
        file = MAIN_FILE
        if len(location) > 1 and location[0] == "forms" and isinstance(location[1], int):
            at = location[1] - inline
            file = form_files[at] if at >= 0 else MAIN_FILE
        raise PackError("pack_invalid", file, _first_problem(error)) from None


def _first_problem(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"]) or "pack"
    more = error.error_count() - 1
    return f"{place}: {first['msg']}" + (f" (and {more} more)" if more else "")
