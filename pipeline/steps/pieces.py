"""One round through the lanes: claiming what is due, doing it piece by piece, and letting go of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import timedelta

import structlog

from pipeline.domain.next_step import Step
from pipeline.runtime import Runtime
from pipeline.steps.advance import advance, advance_batch
from pipeline.steps.deliver import Send, deliver_due
from pipeline.steps.due import About, Lane, Piece
from pipeline.steps.intake_online import take_records
from pipeline.steps.keeper import Keeper
from pipeline.steps.letters import write_letter
from pipeline.steps.work import begin, claim_due, finish, give_back
from pipeline.store.outages import find_outage

AGAIN_AFTER = timedelta(seconds=10)

AT_ONCE = {Lane.INTAKE: 1, Lane.READ: 8, Lane.MATCH: 50, Lane.SEND: 20}
"""How many pieces of a lane a worker takes into its hands."""

Work = Callable[[Keeper, Lane, Sequence[Piece]], object]
"""Does the claimed pieces of a lane by `work_on`; what it does not begin is given back."""

log = structlog.get_logger(__name__)


def do_piece(runtime: Runtime, piece: Piece) -> None:
    """Takes one piece of work as far as its lane goes. Doing it again, or doing what is done, changes nothing."""
    match piece.about:
        case About.BATCH:
            advance_batch(runtime, piece.id)
        case About.EXPORT:
            take_records(runtime, piece.id)
        case About.SUBMISSION:
            advance(runtime, piece.id, until=Step.READ)
        case About.MATCH:
            advance(runtime, piece.id)
        case About.OUTBOUND:
            write_letter(runtime, piece.id)


def work_on(
    keeper: Keeper, piece: Piece, do: Callable[[Runtime, Piece], object] = do_piece, *, watch: bool = True
) -> bool:
    """Does a piece that this worker holds; True when it is done, False when it is due again later or in other hands.

    watch: False when `do` watches over its parts by itself, because it waits for others between them.
    An outage of database or files is raised, and not held against the piece.
    """
    runtime = keeper.runtime
    try:
        with keeper.busy(piece), keeper.watching(piece.subject) if watch else nullcontext():
            if not begin(runtime, keeper.worker, piece):
                return False
            do(runtime, piece)
    except Exception as error:
        outage = find_outage(error)
        log.warning("not_finished", subject=piece.subject, error=type(error).__name__, outage=outage)
        give_back(runtime, keeper.worker, [piece], after=AGAIN_AFTER, counts=outage is None)
        if outage is not None:
            raise
        return False
    except BaseException:
        # Told to end: the next one begins this piece anew at once.
        give_back(runtime, keeper.worker, [piece], counts=False)
        raise
    finish(runtime, keeper.worker, piece)
    return True


def work_in_turn(keeper: Keeper, lane: Lane, pieces: Sequence[Piece]) -> None:
    """Does claimed pieces of a lane one after the other."""
    for piece in pieces:
        work_on(keeper, piece)


def work_lane(keeper: Keeper, lane: Lane, work: Work = work_in_turn) -> int:
    """Claims what is due in a lane and has `work` do it; says how many pieces those were."""
    pieces = claim_due(keeper.runtime, keeper.worker, lane, AT_ONCE[lane])
    if pieces:
        with keeper.holding(pieces):
            work(keeper, lane, pieces)
    return len(pieces)


def work_round(keeper: Keeper, work: Work = work_in_turn, send: Send | None = None) -> int:
    """Everything due that this worker could claim, lane by lane, and then what is to be delivered; says how many
    pieces and attempts those were."""
    return sum(work_lane(keeper, lane, work) for lane in Lane) + deliver_due(keeper.runtime, send).total()
