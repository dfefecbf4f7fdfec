"""One round through all lanes: what this worker may claim, it does in flows of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from prefect import flow

from flows.advance import match_claimed, read_claimed
from flows.context import at_work
from flows.faults import without_values
from flows.folder import look_into_folder
from flows.intake import take_piece
from flows.send import make_letters, send_events
from pipeline.runtime import Runtime
from pipeline.steps.deliver import due_deliveries
from pipeline.steps.due import Lane, Piece
from pipeline.steps.keeper import Keeper
from pipeline.steps.pieces import AT_ONCE, work_on
from pipeline.steps.work import claim_due

_FLOWS: dict[Lane, Callable[[Sequence[str]], int]] = {
    Lane.READ: read_claimed,
    Lane.MATCH: match_claimed,
    Lane.SEND: make_letters,
}


def work_round(keeper: Keeper) -> int:
    """Everything due that this worker could claim, lane by lane; says how many pieces it had in hand."""
    look_into_folder(keeper)
    return sum(_work_lane(keeper, lane) for lane in Lane) + _deliver(keeper.runtime)


def _work_lane(keeper: Keeper, lane: Lane) -> int:
    pieces = claim_due(keeper.runtime, keeper.worker, lane, AT_ONCE[lane])
    if not pieces:
        return 0
    with keeper.holding(pieces):
        if lane is Lane.INTAKE:
            for piece in pieces:
                work_on(keeper, piece, _take, watch=False)
        else:
            _FLOWS[lane]([piece.subject for piece in pieces])
    return len(pieces)


def _deliver(runtime: Runtime) -> int:
    """Events go out in order, so what one round lets out the next one finds."""
    waiting = due_deliveries(runtime)
    if waiting:
        send_events(waiting)
    return len(waiting)


def _take(runtime: Runtime, piece: Piece) -> None:
    take_piece(piece)


@flow(name="申請を進める")
@without_values
def catch_up() -> int:
    """Goes on until nothing is due any more; says how many pieces of work that were."""
    done = 0
    with at_work() as keeper:
        while now := work_round(keeper):
            done += now
    return done
