"""Traces for applications that came before there were any, or that were made by other rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlmodel import Session, col, select

from pipeline.domain.statuses import SubmissionStatus
from pipeline.runtime import Runtime
from pipeline.steps.hold import hold_submission
from pipeline.steps.packs import get_pack
from pipeline.steps.traces import trace_account, trace_files
from pipeline.store.bulk import parts
from pipeline.store.engine import again_on_clash, read, write
from pipeline.store.tables import Counter, Submission

RULES = 1
"""Of what traces are made; a store remembers by which its own were."""
_MARK = "trace_rules"


def retrace_applications(runtime: Runtime, progress: Callable[[int, int], None] = lambda done, total: None) -> int:
    """Writes the traces of every application that has values, unless the store's are of these rules; how many it did.

    One question where there is nothing to do. In short writes; an interrupted run begins anew and changes nothing that
    is right. Pictures that came before are not decoded again: they are known by their bytes.
    """
    with read(runtime.engine) as session:
        if _rules_of(session) == RULES:
            return 0
        ids = session.exec(
            select(Submission.id)
            .where(Submission.status != SubmissionStatus.RECEIVED, col(Submission.erased_at).is_(None))
            .order_by(col(Submission.id))
        ).all()
    done = 0
    for chunk in parts(ids):
        again_on_clash(lambda chunk=chunk: _write_chunk(runtime, chunk))  # type: ignore[misc]
        done += len(chunk)
        progress(done, len(ids))
    with write(runtime.engine) as session:
        session.merge(Counter(name=_MARK, value=RULES))
    return done


def _rules_of(session: Session) -> int:
    row = session.get(Counter, _MARK)
    return row.value if row else 0


def _write_chunk(runtime: Runtime, ids: Sequence[str]) -> None:
    with write(runtime.engine) as session:
        for submission_id in ids:
            row = hold_submission(session, submission_id)
            if row.erased_at is None:
                pack = get_pack(session, row.pack_version_id)
                trace_account(session, runtime.secrets, submission_id, pack, runtime.clock())
                trace_files(session, runtime.secrets, submission_id, runtime.clock())
