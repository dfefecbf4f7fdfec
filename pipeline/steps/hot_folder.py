"""A watched folder: settled files become batches, and leave the folder only once they are safe."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path

from pipeline.channels.hotfolder import Seen, find_slip, settled_files
from pipeline.channels.slip import BatchSlip, read_slip
from pipeline.runtime import Runtime
from pipeline.steps.intake_paper import Received, receive_files

TAKEN = ".taken"


def take_settled(runtime: Runtime, folder: Path, settle_seconds: float) -> list[Received]:
    """One look at the folder: the batches made of files that have settled since earlier looks.

    Files of one sub-folder are one batch, with its `batch.yaml` when there is one; without it they count as
    mail received today. A taken file is moved to `.taken` after it is in the store; if that fails, arriving
    again is harmless. Raises SlipError when a slip cannot be read; its files stay where they are.
    """
    memory = runtime.data_dir / "hot_folder.json"
    settled = settled_files(folder, _recall(memory), runtime.clock().timestamp(), settle_seconds)
    memory.write_text(json.dumps({path: asdict(seen) for path, seen in settled.state.items()}))
    groups: dict[Path, list[Path]] = defaultdict(list)
    for relative in settled.ready:
        groups[(folder / relative).parent].append(folder / relative)
    return [_take(runtime, folder, paths) for _, paths in sorted(groups.items())]


def _recall(memory: Path) -> dict[str, Seen]:
    if not memory.exists():
        return {}
    return {path: Seen(**seen) for path, seen in json.loads(memory.read_text()).items()}


def _take(runtime: Runtime, folder: Path, paths: list[Path]) -> Received:
    slip_path = find_slip(folder, paths[0].relative_to(folder).as_posix())
    slip = (
        read_slip(slip_path.read_bytes())
        if slip_path
        else BatchSlip(received_on=runtime.today(), source="mail")
    )
    received = receive_files(
        runtime, slip, [(path.name, path.read_bytes()) for path in paths], actor="hot_folder"
    )
    target = folder / TAKEN / runtime.today().isoformat()
    target.mkdir(parents=True, exist_ok=True)
    for path, arrival_id in zip(paths, received.arrival_ids, strict=True):
        path.rename(target / f"{arrival_id}{path.suffix}")
    return received
