"""A watched folder: settled files become batches, and leave the folder only once they are safe."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath

import structlog

from pipeline.channels.errors import ArrivalError, find_error_class
from pipeline.channels.hotfolder import Seen, Settled, find_slip, read_settled, settled_files
from pipeline.channels.slip import BatchSlip, read_slip
from pipeline.runtime import Runtime
from pipeline.steps.intake_paper import Received, receive_files

TAKEN = ".taken"
NOT_MOVED = "taken_not_moved"

log = structlog.get_logger(__name__)


@dataclass
class HotFolderLook:
    """What one look came to.

    received: a batch for every folder that was taken. problems: error code of every folder whose files stay
    where they are (a slip that cannot be read), or were taken and could not be moved away.
    """

    received: list[Received] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def take_settled(runtime: Runtime, folder: Path, settle_seconds: float) -> HotFolderLook:
    """Takes the files that have settled since earlier looks; a problem with one folder does not stop the others.

    Files of one sub-folder are one batch, with its `batch.yaml` when there is one, and are then taken only
    together; without a slip they count as mail received today. A taken file is moved to `.taken` after it is
    in the store; when that fails it is known again as the same batch.
    """
    memory = runtime.data_dir / "hot_folder.json"
    settled = settled_files(folder, _recall(memory), runtime.clock().timestamp(), settle_seconds)
    _remember(memory, settled)
    look = HotFolderLook()
    for names in _hand_overs(folder, settled):
        try:
            received = _take(runtime, folder, names, settled)
        except ArrivalError as error:
            log.warning("hot_folder_held", code=error.code, files=len(names))
            look.problems.append(error.code)
            continue
        if received is None:
            continue
        look.received.append(received)
        if not _move(runtime, folder, names, received.arrival_ids):
            log.warning("hot_folder_not_moved", batch=received.batch_id)
            look.problems.append(NOT_MOVED)
    return look


def describe_problem(code: str) -> str:
    """What staff should know of a problem code, in Japanese."""
    if code == NOT_MOVED:
        return f"取り込みましたが、{TAKEN} フォルダーに移せません。フォルダーの権限を確認してください。"
    error = find_error_class(code)
    return error().message_ja if error else code


def _recall(memory: Path) -> dict[str, Seen]:
    try:
        return {path: Seen(**seen) for path, seen in json.loads(memory.read_text()).items()}
    except (FileNotFoundError, ValueError, TypeError):
        return {}  # then every file is looked at for a while longer


def _remember(memory: Path, settled: Settled) -> None:
    beside = memory.with_suffix(".part")
    beside.write_text(json.dumps({path: asdict(seen) for path, seen in settled.state.items()}))
    beside.replace(memory)


def _hand_overs(folder: Path, settled: Settled) -> Iterator[list[str]]:
    """Relative names of files to be taken together, in the order of their names."""
    groups: dict[PurePosixPath, list[str]] = defaultdict(list)
    for name in sorted(settled.state):
        groups[PurePosixPath(name).parent].append(name)
    ready = set(settled.ready)
    for _, names in sorted(groups.items()):
        present = [name for name in names if name in ready]
        whole = len(present) == len(names)
        # A counted hand-over of which half is still being written would be two batches that both disagree.
        if present and (whole or find_slip(folder, present[0]) is None):
            yield present


def _take(runtime: Runtime, folder: Path, names: Sequence[str], settled: Settled) -> Received | None:
    """The batch of these files; None when one of them has changed since the look. Raises SlipError."""
    slip_path = find_slip(folder, names[0])
    slip = read_slip(slip_path.read_bytes()) if slip_path else BatchSlip(received_on=runtime.today(), source="mail")
    files: list[tuple[str, bytes]] = []
    for name in names:
        data = read_settled(folder, name, settled.state[name])
        if data is None:
            return None
        files.append((PurePosixPath(name).name, data))
    # The same files at the same places are the same hand-over, should we be stopped before they are moved.
    marks = [[name, settled.state[name].size, settled.state[name].mtime_ns] for name in names]
    key = f"hot_folder:{runtime.secrets.digest(json.dumps(marks))}"
    return receive_files(runtime, slip, files, actor="hot_folder", key=key)


def _move(runtime: Runtime, folder: Path, names: Sequence[str], arrival_ids: Sequence[str]) -> bool:
    target = folder / TAKEN / runtime.today().isoformat()
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name, arrival_id in zip(names, arrival_ids, strict=True):
            path = folder / name
            path.rename(target / f"{arrival_id}{path.suffix}")
    except OSError:
        return False
    return True
