"""Packs from their folders or zips, checked once."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from pydantic import ValidationError

from pipeline.procedures.pack import Procedure
from pipeline.procedures.rules_check import find_problems

MAIN_FILE = "procedure.yaml"
MAX_FILE_BYTES = 5_000_000
MAX_FILES = 500


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
    inline = list(content.pop("forms", None) or [])
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
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            if len(infos) > MAX_FILES or any(info.file_size > MAX_FILE_BYTES for info in infos):
                raise PackError("pack_unreadable", "zip", "too many files, or one too large")
            tops = {len(PurePosixPath(i.filename).parts) for i in infos if i.filename.endswith(MAIN_FILE)}
            skip = min(tops) - 1 if tops else 0
            files: dict[str, bytes] = {}
            for info in infos:
                name = "/".join(PurePosixPath(info.filename).parts[skip:])
                if name == MAIN_FILE or (name.startswith("forms/") and name.endswith(".yaml")):
                    files[name] = archive.read(info)
            return files
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError):
        raise PackError("pack_unreadable", "zip", "not a readable zip") from None


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
    if not isinstance(content, dict):
        raise PackError("pack_unreadable", name, "not a mapping")
    return content


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
