"""One round through all lanes: what this worker may claim, it does in flows of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from prefect import flow

from flows.advance import match_claimed, read_claimed
from flows.context import at_work
from flows.faults import without_values
from flows.folder import look_into_folder
from flows.intake import take_piece
from flows.send import make_letters, send_events
from pipeline.domain.statuses import OutboundStatus
from pipeline.runtime import Runtime
from pipeline.steps import pieces
from pipeline.steps.due import Lane, Piece
from pipeline.steps.keeper import Keeper

_FLOWS: dict[Lane, Callable[[Sequence[str]], int]] = {
    Lane.READ: read_claimed,
    Lane.MATCH: match_claimed,
    Lane.SEND: make_letters,
}


def work_round(keeper: Keeper) -> int:
    """Everything due that this worker could claim, lane by lane; says how many pieces it had in hand."""
    look_into_folder(keeper)
    return pieces.work_round(keeper, _in_flows, _send)


def _in_flows(keeper: Keeper, lane: Lane, claimed: Sequence[Piece]) -> None:
    if lane is not Lane.INTAKE:
        _FLOWS[lane]([piece.subject for piece in claimed])
        return
    for piece in claimed:
        pieces.work_on(keeper, piece, _take, watch=False)


def _take(runtime: Runtime, piece: Piece) -> None:
    take_piece(piece)


def _send(runtime: Runtime, outbound_ids: Sequence[str]) -> Mapping[OutboundStatus, int]:
    return send_events(outbound_ids)


@flow(name="申請を進める")
@without_values
def catch_up() -> int:
    """Goes on until nothing is due any more; says how many pieces of work that were."""
    done = 0
    with at_work() as keeper:
        while now := work_round(keeper):
            done += now
    return done
