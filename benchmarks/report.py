"""Figures as files and as tables: one JSON document a benchmark, and one for all of the last runs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.machine import ROOT, machine, version
from pipeline.score.tables import hits

OUT = ROOT / "build" / "bench"
SUMMARY = "summary.json"

Row = tuple[str, ...]


def keep(name: str, figures: Mapping[str, Any], command: str, out: Path = OUT) -> dict[str, Any]:
    """Writes `name`.json with what it was measured with, and puts it into the summary; gives the document."""
    document = {
        "benchmark": name,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": version(),
        "machine": machine(),
        "command": command,
        "figures": figures,
    }
    out.mkdir(parents=True, exist_ok=True)
    _write(out / f"{name}.json", document)
    others = [path for path in sorted(out.glob("*.json")) if path.name != SUMMARY]
    _write(out / SUMMARY, {path.stem: json.loads(path.read_text("utf-8")) for path in others})
    return document


def _write(path: Path, document: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")


def show(title: str, header: Sequence[str], rows: Iterable[Row], notes: Sequence[str] = ()) -> None:
    """One table, and under it what must be said with it."""
    table = Table(title=title, title_justify="left")
    for place, name in enumerate(header):
        table.add_column(name, justify="left" if place == 0 else "right")
    for row in rows:
        table.add_row(*row)
    console = Console(highlight=False)
    console.print(table)
    for note in notes:
        console.print(f"  {note}")


def reading_rows(figures: Mapping[str, Any]) -> list[Row]:
    """Reader, CPU and wall a page, times as long, written fields exact, found anywhere, marks exact."""
    own = figures["ichimado"]
    rows = [("Ichimado, by boxes", *_seconds(own), "1", hits(own["written_exact"]), "", hits(own["marked_exact"]))]
    for name in ("rapidocr", "paddleocr"):
        if name in figures:
            peer = figures[name]
            times = f"{peer['times_as_long_cpu']:.1f}"
            exact, anywhere = peer["written_exact_beside_label"], peer["written_found_anywhere"]
            rows.append((f"{name}, full page", *_seconds(peer), times, hits(exact), hits(anywhere), "not in its text"))
    return rows


def _seconds(one: Mapping[str, Any]) -> Row:
    return f"{one['cpu_s_per_page']:.2f}", f"{one['wall_s_per_page']:.2f}"


def campaign_rows(figures: Mapping[str, Any]) -> list[Row]:
    """What, and its figure."""
    score, cpu = figures["score"], figures["cpu_s_per_application"]
    count = figures["by_channel"]
    parts = score["without_a_person"]
    memory = figures["memory_mb"]
    wrong, at_most = parts["all"]["wrong"], parts["all"]["wrong_at_most_95"]
    return [
        ("applications (paper, online)", f"{figures['applications']} ({count['paper']}, {count['online']})"),
        ("wall clock, applications an hour", f"{figures['wall_s']:.0f} s, {figures['applications_per_hour']:,}"),
        *((f"CPU an application, {name}", f"{cpu[name]['all']:.2f} s") for name in ("paper", "online") if name in cpu),
        ("memory: workers, their largest child", f"{memory['workers']}, {memory['largest_child_of_a_worker']} MiB"),
        *((f"accepted without a person, {name}", _accepted(part)) for name, part in parts.items()),
        (
            "wrong among them, at most (95 %)",
            f"{wrong}, {100 * at_most:.2f} %",
        ),
        ("duplicates found, planted", f"{score['duplicates']['found']}, {score['duplicates']['planted']}"),
        ("audit: looked at, breaches", f"{figures['audit']['looked_at']:,}, {figures['audit']['breaches']}"),
    ]


def _accepted(part: Mapping[str, Any]) -> str:
    return f"{part['accepted']} of {part['of']} ({100 * (part['share'] or 0):.0f} %)"


def workers_rows(figures: Mapping[str, Any]) -> list[Row]:
    """Database, workers, wall, applications an hour, times as many as one worker."""
    return [
        (
            run["database"],
            str(run["workers"]),
            f"{run['wall_s']:.0f} s",
            f"{run['applications_per_hour']:,}",
            f"{run['times_one_worker']:.2f}",
        )
        for run in figures["runs"]
    ]
