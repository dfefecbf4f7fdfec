"""The file of an eligible list (対象者名簿): looked over once, then read line by line, however long it is."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO

from pipeline.channels.errors import ExportError, MissingColumn, WrongEncoding

_ENCODINGS = ("utf-8-sig", "cp932")
_BLOCK = 1 << 20

Row = tuple[int, Mapping[str, str]]
"""A line number (the header is 1; of a row of several lines the last) and the wanted cells by header, stripped."""


@dataclass(frozen=True)
class RosterFile:
    """A list, by its bytes or where it lies. wanted: the headers that are read; each has to be there."""

    source: bytes | Path
    wanted: tuple[str, ...]

    def parts(self) -> Iterator[bytes]:
        """The bytes of the file in parts of a mebibyte."""
        with self._bytes() as stream:
            while block := stream.read(_BLOCK):
                yield block

    def encoding(self) -> str:
        """UTF-8 or else CP932; WrongEncoding when it is neither."""
        for name in _ENCODINGS:
            decoder = codecs.getincrementaldecoder(name)()
            try:
                for block in self.parts():
                    decoder.decode(block)
                decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                continue
            return name
        raise WrongEncoding("UTF-8, CP932")

    def count(self, encoding: str) -> int:
        """How many rows it has. MissingColumn where one of `wanted` is not in the header; ExportError where a quote
        never closes."""
        return sum(1 for _ in self.rows(encoding))

    def rows(self, encoding: str, skip: int = 0) -> Iterator[Row]:
        """Its rows, without the first `skip`."""
        with self._text(encoding) as stream:
            reader = csv.reader(stream)
            try:
                places = self._places(next(reader, []))
                width = max(places.values()) + 1
                for number, cells in enumerate(row for row in reader if row):
                    if number >= skip:
                        whole = cells if len(cells) >= width else [*cells, *[""] * (width - len(cells))]
                        yield reader.line_num, {name: whole[place].strip() for name, place in places.items()}
            except csv.Error:  # a cell of more than 131,072 characters: a quote that never closes
                raise ExportError(f"line {reader.line_num}") from None

    def _places(self, header: list[str]) -> dict[str, int]:
        for name in self.wanted:
            if name not in header:
                raise MissingColumn(name)
        return {name: header.index(name) for name in self.wanted}

    @contextmanager
    def _bytes(self) -> Iterator[BinaryIO]:
        with io.BytesIO(self.source) if isinstance(self.source, bytes) else self.source.open("rb") as stream:
            yield stream

    @contextmanager
    def _text(self, encoding: str) -> Iterator[TextIO]:
        with self._bytes() as stream:
            yield io.TextIOWrapper(stream, encoding, newline="")
