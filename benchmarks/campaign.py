"""Mixed applications end to end: handed over, taken in, read, checked, matched, assigned, by worker processes.

The generator's envelopes hold a form of one or two pages and copies of an identity and an account paper on a sheet
each; one application in four (paper) or six (online) has a planted mistake, and about one in five of the smaller
channel is applied for on the other too. A run that was cut short goes on where it stopped.
"""

from __future__ import annotations

import json
import shutil
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlmodel import Session, select

from benchmarks.campaign_score import score_campaign
from benchmarks.campaign_work import Peak, hand_over, work
from benchmarks.children import Spent, in_child, side_by_side
from benchmarks.machine import DETECTION, RECOGNITION, weights
from benchmarks.samples import CAMPAIGN_SEED, DATA, Sample, draw_sample
from benchmarks.stores import database, drop, make_runtime
from benchmarks.truth import Truth
from pipeline.domain.statuses import Channel
from pipeline.score.bounds import quantile
from pipeline.steps.audit import audit
from pipeline.store.engine import read
from pipeline.store.tables import Submission

DONE = "done.json"


def measure_campaign(
    applications: int,
    paper_share: float,
    workers: int,
    kind: str,
    *,
    sample: Sample | None = None,
    anew: bool = False,
) -> dict[str, Any]:
    """Throughput, processor time by channel, memory of every process, and the score. kind: sqlite or postgresql.

    anew: begin again also where an earlier run was cut short.
    """
    paper = round(applications * paper_share)
    sample = sample or draw_sample(CAMPAIGN_SEED, paper, applications - paper)
    name = f"run_{sample.folder.name.replace('-', '_')}_{workers}w"
    folder = DATA / f"{name}_{kind}"
    if anew or (folder / DONE).exists():
        drop(kind, name, folder)
        shutil.rmtree(folder, ignore_errors=True)
    with database(kind, name, folder) as url:
        handed = in_child(hand_over, url, folder, sample.folder)
        spent = _work_side_by_side(url, folder, workers)
        audited = in_child(_audit, url, folder)
        (folder / DONE).write_text("{}")
        figures = in_child(_figures, url, folder, sample.truth()).answer
    return {
        "database": kind,
        "seed": sample.seed,
        "paper_share": paper_share,
        "workers": workers,
        "weights": weights(RECOGNITION, DETECTION),
        **figures,
        "memory_mb": _memory(handed, spent),
        "hand_over": {"wall_s": handed.wall_s, "cpu_s": handed.cpu_s},
        "audit": {**audited.answer, "wall_s": audited.wall_s, "peak_mb": audited.peak_mb},
    }


def _work_side_by_side(url: str, folder: Path, workers: int) -> list[Spent[Peak]]:
    """One log a process and session, named by when it began."""
    now = int(time.time())
    return side_by_side(work, [(url, folder, folder / f"log-{now}-{n}.jsonl") for n in range(workers)])


def _audit(url: str, folder: Path) -> dict[str, int]:
    runtime = make_runtime(url, folder)
    report = audit(runtime)
    runtime.engine.dispose()
    return {"looked_at": sum(report.checked.values()), "breaches": len(report.breaches)}


def _figures(url: str, folder: Path, truth: Truth) -> dict[str, Any]:
    runtime = make_runtime(url, folder)
    with read(runtime.engine) as session:
        pieces = _pieces(folder)
        channels = _channels(session)
        figures = {**summarise(pieces, channels), "score": score_campaign(session, truth)}
    runtime.engine.dispose()
    return figures


def _pieces(folder: Path) -> list[dict[str, Any]]:
    return [
        json.loads(line) | {"session": log.stem.split("-")[1]}
        for log in sorted(folder.glob("log-*.jsonl"))
        for line in log.read_text().splitlines()
    ]


def _channels(session: Session) -> dict[str, str]:
    rows = session.exec(select(Submission.id, Submission.channel)).all()
    return {row_id: "paper" if Channel(channel).is_paper else "online" for row_id, channel in rows}


def summarise(pieces: Sequence[dict[str, Any]], channels: dict[str, str]) -> dict[str, Any]:
    """Wall and processor time of the pieces worked on. channels: submission id -> paper or online.

    Time between two sessions does not count. A piece tried twice counts twice in time, once in number.
    """
    sessions: dict[str, list[dict[str, Any]]] = defaultdict(list)
    cpu: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for piece in pieces:
        sessions[piece["session"]].append(piece)
        cpu[_channel(piece, channels)][_stage(piece)] += piece["cpu_s"]
    wall = sum(max(p["end"] for p in part) - min(p["start"] for p in part) for part in sessions.values())
    count = {name: sum(1 for channel in channels.values() if channel == name) for name in ("paper", "online")}
    read_s = [p["end"] - p["start"] for p in pieces if p["about"] == "submission" and _channel(p, channels) == "paper"]
    return {
        "applications": len(channels),
        "by_channel": count,
        "sessions": len(sessions),
        "wall_s": round(wall, 1),
        "applications_per_hour": round(3600 * len(channels) / wall) if wall else None,
        "cpu_s_per_application": {
            name: {stage: round(s / count[name], 3) for stage, s in sorted(stages.items())}
            | {"all": round(sum(stages.values()) / count[name], 3)}
            for name, stages in cpu.items()
            if count.get(name)
        },
        "reading_one_paper_application_s": {"median": _rounded(read_s, 0.5), "p95": _rounded(read_s, 0.95)},
    }


def _stage(piece: dict[str, Any]) -> str:
    return {"batch": "intake", "export": "intake", "submission": "read", "match": "check_match_assign"}[piece["about"]]


def _channel(piece: dict[str, Any], channels: dict[str, str]) -> str:
    return {"batch": "paper", "export": "online"}.get(piece["about"]) or channels[piece["id"]]


def _rounded(values: list[float], share: float) -> float | None:
    return round(quantile(values, share), 2) if values else None


def _memory(handed: Spent[Peak], spent: Sequence[Spent[Peak]]) -> dict[str, Any]:
    return {
        "hand_over": handed.answer.own_mb,
        "workers": [one.answer.own_mb for one in spent],
        "largest_child_of_a_worker": max(one.answer.largest_child_mb for one in spent),
    }
