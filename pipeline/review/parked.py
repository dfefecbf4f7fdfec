"""The operators' list of what is parked: why, since when, and what they may do about it. Numbers and ids."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pipeline.domain.errors import Impossible, NotAllowed
from pipeline.domain.statuses import StaffRole
from pipeline.runtime import Runtime
from pipeline.steps.due import About, Piece
from pipeline.steps.parked import find_parked, refuse_parked, try_again
from pipeline.store.access import Viewer


@dataclass(frozen=True)
class ParkedRow:
    """number: the receipt or batch number; "" for an export, and for what touches a protected person.

    step: where it stopped. may_refuse: a file that may be given up by name.
    """

    about: About
    id: str
    number: str
    step: str
    since: datetime | None
    may_refuse: bool


def list_parked(runtime: Runtime, viewer: Viewer) -> tuple[ParkedRow, ...]:
    """Everything parked, the longest waiting first. Raises NotAllowed for anybody but operators."""
    _require_operator(viewer)
    return tuple(
        ParkedRow(
            about=item.piece.about,
            id=item.piece.id,
            number="" if item.protected and not viewer.sees_protected else item.number,
            step=item.step,
            since=item.since,
            may_refuse=item.piece.about in (About.BATCH, About.EXPORT),
        )
        for item in find_parked(runtime)
    )


def retry_parked(runtime: Runtime, viewer: Viewer, about: str, row_id: str) -> None:
    """Puts it back on the path. Raises NotAllowed or Impossible."""
    _require_operator(viewer)
    try_again(runtime, _piece(about, row_id), actor=viewer.user_id)


def give_up_parked(runtime: Runtime, viewer: Viewer, about: str, row_id: str) -> None:
    """Refuses parked files by name; their mailroom task stays open. Raises NotAllowed or Impossible."""
    _require_operator(viewer)
    piece = _piece(about, row_id)
    if piece.about not in (About.BATCH, About.EXPORT):
        raise Impossible
    refuse_parked(runtime, piece, actor=viewer.user_id)


def _piece(about: str, row_id: str) -> Piece:
    try:
        return Piece(About(about), row_id)
    except ValueError:
        raise Impossible from None


def _require_operator(viewer: Viewer) -> None:
    if not viewer.has(StaffRole.OPERATOR):
        raise NotAllowed
