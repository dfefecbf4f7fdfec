"""`ichimado link`: from files to files, with no store at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ichimado.link_files import LinkError, Table, clusters_path, drafts, read_spec, read_table, write_rows
from matchers.tables.blocks import Blocked
from matchers.tables.link import Links, PairOutcome, Tell, link_tables

LINK_COLUMNS = ("left_id", "right_id", "score", "outcome")
CLUSTER_COLUMNS = ("table", "id", "cluster")


@dataclass(frozen=True)
class Linked:
    """What was done: records and pairs by number, and what each blocking rule brought."""

    records: tuple[int, ...]
    candidates: int
    links: int
    review: int
    clusters: int
    blocking: tuple[Blocked, ...]


def link_files(
    tables: Sequence[Path], spec_path: Path, out: Path, *, clusters: bool, tell: Tell, seed: int = 0
) -> Linked:
    """Links the records of one file or two, and writes the pairs, and the clusters where asked. Raises LinkError."""
    outputs = [out, clusters_path(out)] if clusters else [out]
    _check_names([*tables, spec_path], outputs)
    spec = read_spec(spec_path)
    read = [read_table(path, spec) for path in tables]
    right = read[1].cells if len(read) > 1 else None
    found = link_tables(spec.columns, read[0].cells, right, duplicates=spec.duplicates, seed=seed, tell=tell)
    with drafts(*outputs) as files:
        write_rows(files[0], LINK_COLUMNS, _links(found, read))
        if clusters:
            write_rows(files[1], CLUSTER_COLUMNS, _clusters(found, read))
    return _counted(found, read)


def _check_names(inputs: Sequence[Path], outputs: Sequence[Path]) -> None:
    known = {path.resolve() for path in inputs}
    for path in outputs:
        if path.resolve() in known:
            raise LinkError("out_is_input", path.name)
        if not path.parent.is_dir() or path.is_dir():
            raise LinkError("cannot_write", path.name)


def _ids(tables: Sequence[Table]) -> list[str]:
    return [one for table in tables for one in table.ids]


def _links(found: Links, tables: Sequence[Table]) -> Iterator[tuple[str, str, str, str]]:
    ids = _ids(tables)
    for (left, right), score, link in zip(
        found.pairs.tolist(), found.scores.tolist(), found.linked.tolist(), strict=True
    ):
        yield ids[left], ids[right], f"{score:.4f}", PairOutcome.LINK if link else PairOutcome.REVIEW


def _clusters(found: Links, tables: Sequence[Table]) -> Iterator[tuple[str, str, int]]:
    """Every record, in the order of the files; clusters numbered from 1 as they first appear."""
    numbers: dict[int, int] = {}
    names = [name for name, table in zip("AB", tables, strict=False) for _ in table.ids]
    for name, one, cluster in zip(names, _ids(tables), found.clusters.tolist(), strict=True):
        yield name, one, numbers.setdefault(cluster, len(numbers) + 1)


def _counted(found: Links, tables: Sequence[Table]) -> Linked:
    links = int(found.linked.sum())
    return Linked(
        tuple(len(table.ids) for table in tables),
        found.candidates,
        links,
        len(found.pairs) - links,
        len(set(found.clusters.tolist())),
        found.blocking,
    )
