"""Files and folders from the command line into the store."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.channels.slip import SLIP_NAME, BatchSlip, read_slip
from pipeline.procedures.pack import Procedure
from pipeline.runtime import Runtime
from pipeline.steps.intake_online import store_export
from pipeline.steps.intake_paper import Received, receive_files
from pipeline.steps.packs import latest_pack
from pipeline.store.engine import read


@dataclass(frozen=True)
class ExportFile:
    """An export of an e-application system: its file, its channel in the pack, the files beside it."""

    path: Path
    channel_id: str
    files: tuple[Path, ...]


def receive_folder(runtime: Runtime, folder: Path, key: str | None = None) -> Received:
    """Every file of a folder as one batch, with the folder's slip. Raises SlipError or OSError."""
    slip = read_slip((folder / SLIP_NAME).read_bytes())
    files = [path for path in sorted(folder.iterdir()) if path.is_file() and path.name != SLIP_NAME]
    return receive_paths(runtime, slip, files, key=key)


def receive_paths(runtime: Runtime, slip: BatchSlip, paths: list[Path], *, key: str | None = None) -> Received:
    """These files as one batch, in the order given."""
    files = [(path.name, path.read_bytes()) for path in paths]
    return receive_files(runtime, slip, files, actor="command_line", key=key)


def find_export(runtime: Runtime, procedure_id: str, path: Path, channel_id: str | None) -> ExportFile:
    """The export at `path` with all files beneath its folder. Without a channel the pack's only one of that
    format is meant; ValueError when there is none or more than one."""
    with read(runtime.engine) as session:
        _, pack = latest_pack(session, procedure_id)
    folder = path.parent
    files = tuple(
        other for other in sorted(folder.rglob("*")) if other.is_file() and other != path and other.parent != folder
    )
    return ExportFile(path, channel_id or _only_channel(pack, path), files)


def store(runtime: Runtime, procedure_id: str, export: ExportFile) -> str:
    """Stores the export and its files; gives the arrival's id."""
    folder = export.path.parent
    files = ((other.relative_to(folder).as_posix(), other.read_bytes()) for other in export.files)
    return store_export(runtime, procedure_id, export.channel_id, export.path.name, export.path.read_bytes(), files)


def _only_channel(pack: Procedure, path: Path) -> str:
    kind = path.suffix.lower().removeprefix(".")
    fitting = [channel.id for channel in pack.channels if channel.format == kind]
    if len(fitting) != 1:
        raise ValueError(f"name a channel: {', '.join(channel.id for channel in pack.channels)}")
    return fitting[0]
