"""The files of `ichimado link`: tables and their spec in, links and clusters out. Nothing is ever half written."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any

import yaml

from matchers.tables.spec import LinkSpec, SpecProblem, parse_spec
from pipeline.channels.export_rows import decodings

ENCODINGS = ("utf-8-sig", "cp932")
_SEPARATORS = (",", "\t", ";")
_PEEK = 65_536
_CHUNK = 1 << 20


class LinkError(Exception):
    """Why files cannot be linked. code is stable; about names a file, a column or a type; line is 1-based, 0 for the
    whole file. No cell is ever named.
    """

    def __init__(self, code: str, about: str = "", line: int = 0) -> None:
        super().__init__(code, about, line)
        self.code = code
        self.about = about
        self.line = line


@dataclass(frozen=True)
class Table:
    """A table's record ids, and its cells by column, both in the order of its rows."""

    ids: Sequence[str]
    cells: Mapping[str, Sequence[str]]


def read_spec(path: Path) -> LinkSpec:
    """The spec of a YAML file. Raises LinkError."""
    try:
        return parse_spec(yaml.safe_load(path.read_text(encoding="utf-8-sig")))
    except SpecProblem as problem:
        raise LinkError(problem.code, problem.about) from None
    except OSError:
        raise LinkError("no_such_file", path.name) from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise LinkError("spec_no_yaml", path.name) from None


def read_table(path: Path, spec: LinkSpec) -> Table:
    """The columns that the spec names, of a CSV file in UTF-8 or CP932, with commas, tabs or semicolons.

    Raises LinkError.
    """
    try:
        encoding = _encoding_of(path)
        with path.open(encoding=encoding, newline="") as file:
            separator = _separator_of(file.readline(), spec)
            file.seek(0)
            return _read(csv.reader(file, delimiter=separator, strict=True), path.name, spec)
    except OSError:
        raise LinkError("no_such_file", path.name) from None


def _encoding_of(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(_PEEK)
    if not head.strip():
        raise LinkError("empty_file", path.name)
    whole_lines = head if len(head) < _PEEK else head[: head.rfind(b"\n") + 1] or head
    for encoding in ENCODINGS:
        if any(True for _ in decodings(whole_lines, (encoding,))) and _decodes(path, encoding):
            return encoding
    raise LinkError("unknown_encoding", path.name)


def _decodes(path: Path, encoding: str) -> bool:
    try:
        with path.open(encoding=encoding, newline="") as file:
            while file.read(_CHUNK):
                pass
    except UnicodeDecodeError:
        return False
    return True


def _separator_of(header: str, spec: LinkSpec) -> str:
    """The separator that shows most of the spec's columns, else the most frequent."""
    wanted = {spec.id, *spec.columns}

    def found(separator: str) -> tuple[int, int]:
        names = {name.strip().strip('"') for name in header.strip().split(separator)}
        return len(names & wanted), header.count(separator)

    return max(_SEPARATORS, key=found)


def _read(reader: Any, name: str, spec: LinkSpec) -> Table:
    places, width = _places(reader, name, spec)
    ids: list[str] = []
    lines: dict[str, int] = {}
    cells: dict[str, list[str]] = {column: [] for column in spec.columns}
    common: dict[str, str] = {}
    for line, row in _rows(reader, name):
        if len(row) != width:
            raise LinkError("cell_count", name, line)
        own = row[places[spec.id]].strip()
        if not own:
            raise LinkError("no_id", name, line)
        if own in lines:
            raise LinkError("id_twice", f"{name}: {lines[own]}", line)
        lines[own] = line
        ids.append(own)
        for column, kept in cells.items():
            cell = row[places[column]]
            kept.append(common.setdefault(cell, cell))  # one copy of what repeats
    if not ids:
        raise LinkError("no_rows", name)
    return Table(ids, cells)


def _places(reader: Any, name: str, spec: LinkSpec) -> tuple[dict[str, int], int]:
    """Where each column stands, and how many cells a row has."""
    _, header = next(_rows(reader, name), (0, []))
    names = [cell.strip() for cell in header]
    for column in (spec.id, *spec.columns):
        if column not in names:
            raise LinkError("missing_column", f"{name}: {column}", 1)
        if names.count(column) > 1:
            raise LinkError("header_twice", f"{name}: {column}", 1)
    return {column: names.index(column) for column in (spec.id, *spec.columns)}, len(names)


def _rows(reader: Any, name: str) -> Iterator[tuple[int, list[str]]]:
    """The rows with the line on which each starts; empty lines are passed over."""
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise LinkError(
                "unclosed_quote" if "unexpected end" in str(error) else "malformed_row", name, line
            ) from None
        if any(cell.strip() for cell in row):
            yield line, row


def clusters_path(out: Path) -> Path:
    """Where the clusters stand: links.csv has links-clusters.csv beside it."""
    return out.with_name(f"{out.stem}-clusters{out.suffix or '.csv'}")


@contextmanager
def drafts(*paths: Path) -> Iterator[list[IO[str]]]:
    """Files to write into, which take the names of these paths only when all is written; else nothing is left."""
    with ExitStack() as stack:
        files = []
        try:
            for path in paths:
                file = NamedTemporaryFile(  # noqa: SIM115
                    "w", encoding="utf-8", newline="", dir=path.parent, prefix=f".{path.name}.", delete=False
                )
                stack.callback(Path(file.name).unlink, missing_ok=True)
                stack.callback(file.close)
                files.append(file)
        except OSError:
            raise LinkError("cannot_write", paths[len(files)].name) from None
        yield files  # type: ignore[misc]
        for file, path in zip(files, paths, strict=True):
            file.close()
            os.chmod(file.name, 0o600)
            os.replace(file.name, path)


def write_rows(file: IO[str], header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A CSV table of commas."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
