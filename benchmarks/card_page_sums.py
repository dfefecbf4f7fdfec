"""The reading card: registration, time, memory and peers of pages added up. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean, median

from benchmarks.card_rows import LabRow, PageRow
from ocr.reader import POOR_REGISTRATION_MM as POOR_MM
from pipeline.score.bounds import quantile, ratio
from pipeline.score.sums import Figures, group_by, share


def sum_pages(pages: Sequence[PageRow]) -> Figures:
    """Every table of pages."""
    return {
        "registration": registration(pages),
        "spent": spent(pages),
        "peers": {name: peer(pages, name) for name in sorted({name for page in pages for name in page.peers})},
    }


def registration(pages: Sequence[PageRow]) -> Figures:
    """How far boxes truly lie from where they were cut, and what was estimated, in millimetres (worst corner)."""
    lost = [page for page in pages if not page.registered]
    return {
        "unregistered": [f"{page.seed} {page.layout} {'+'.join(page.damages)}" for page in lost],
        "all": _off([row for page in pages for row in page.fields]),
        "by_markers": {
            name: _off([row for page in pages if bool(page.markers) is held for row in page.fields])
            for name, held in (("markers", True), ("print alone", False))
        },
        "by_layout": group_by([r for page in pages for r in page.fields], lambda row: (row.layout,), _off),
        "by_damage": group_by([r for page in pages for r in page.fields], lambda row: row.damages, _off),
    }


def _off(rows: Iterable[LabRow]) -> Figures:
    pairs = [(row.off_mm, row.said_mm) for row in rows if row.off_mm is not None and row.said_mm is not None]
    if not pairs:
        return {"fields": 0}
    off, said = [a for a, _ in pairs], [b for _, b in pairs]
    return {
        "fields": len(pairs),
        "mean_mm": round(fmean(off), 3),
        "p95_mm": round(quantile(off, 0.95), 3),
        "largest_mm": round(max(off), 3),
        "said_mean_mm": round(fmean(said), 3),
        "said_p95_mm": round(quantile(said, 0.95), 3),
        "poor": sum(a > POOR_MM for a in off),
        "poor_unnoticed": sum(a > POOR_MM >= b for a, b in pairs),
        "noticed_for_nothing": sum(b > POOR_MM >= a for a, b in pairs),
    }


def spent(pages: Sequence[PageRow]) -> Figures:
    """Processor and clock seconds a page, one thread, and the largest process, which draws too."""
    return {
        "cpu_s_mean": round(fmean(page.cpu_s for page in pages), 3),
        "cpu_s_median": round(median(page.cpu_s for page in pages), 3),
        "cpu_s_p95": round(quantile([page.cpu_s for page in pages], 0.95), 3),
        "register_cpu_s_mean": round(fmean(page.register_cpu_s for page in pages), 3),
        "wall_s_mean": round(fmean(page.wall_s for page in pages), 3),
        "peak_mb_with_drawing": max(page.peak_mb for page in pages),
        "filled_fields_mean": round(fmean(page.filled for page in pages), 1),
        "by_filled": {
            name: {"pages": len(group), "cpu_s_mean": round(fmean(page.cpu_s for page in group), 3)}
            for name, low, high in (("1-15", 0, 15), ("16-35", 15, 35), ("36-", 35, 1000))
            if (group := [page for page in pages if low < page.filled <= high])
        },
    }


def peer(pages: Sequence[PageRow], name: str) -> Figures:
    """One full-page reader beside ours, on the fields that it can be asked for."""
    both = [page for page in pages if name in page.peers]
    askable = [(page, row) for page in both for row in page.fields if row.key in page.askable]
    textual = [(page, row) for page in both for row in page.fields if row.key in page.textual]
    theirs = [row.key in page.peers[name].beside for page, row in askable]
    cpu = sum(page.peers[name].cpu_s for page in both)
    return {
        "pages": len(both),
        "beside_label": share(sum(theirs), len(askable)),
        "ichimado_on_these": share(sum(row.right for _, row in askable), len(askable)),
        "anywhere": share(sum(row.key in page.peers[name].anywhere for page, row in textual), len(textual)),
        "ichimado_on_all_written": share(sum(row.right for _, row in textual), len(textual)),
        "by_hand_and_sort": {
            group: {
                "theirs": share(
                    sum(hit for hit, (_, row) in zip(theirs, askable, strict=True) if _name(row) == group), n
                ),
                "ours": share(sum(row.right for _, row in askable if _name(row) == group), n),
            }
            for group in sorted({_name(row) for _, row in askable})
            if (n := sum(_name(row) == group for _, row in askable))
        },
        "cpu_s_per_page": round(cpu / len(both), 3),
        "wall_s_per_page": round(fmean(page.peers[name].wall_s for page in both), 3),
        "times_as_long_cpu": ratio(cpu, sum(page.cpu_s for page in both)),
    }


def _name(row: LabRow) -> str:
    return f"{row.hand}, {row.sort}"
