"""The cases of a draft: which may go into one, and which moved on since they were frozen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_, update
from sqlmodel import Session, col, select

from pipeline.domain.drafts import Placing
from pipeline.domain.errors import Conflict
from pipeline.domain.statuses import CaseStatus, LinkStatus, Outcome, StaffRole, SubmissionStatus
from pipeline.review.placings import place_cases
from pipeline.steps.examined import refusal_grounds
from pipeline.steps.packs import get_pack
from pipeline.steps.placings import frozen_placing
from pipeline.store.access import Viewer, visible
from pipeline.store.tables import Case, DraftCase, Link, Submission

MAX_CASES = 1000
"""Of one draft: what superiors can still look through, and one short write."""

NAMED = 20


class CasesMoved(Conflict):
    """Cases are not, or no longer, as they were when they were listed; says which."""

    code = "cases_moved"

    def __init__(self, numbers: Sequence[str], hidden: int = 0) -> None:
        shown = " ".join(numbers[:NAMED])
        more = len(numbers) - NAMED
        ja = f"{shown} ほか{more}件" if more > 0 else shown
        en = f"{shown} and {more} more" if more > 0 else shown
        if hidden:
            ja, en = f"{ja} 担当者確認中{hidden}件".strip(), f"{en} ({hidden} with the staff responsible)".strip()
        super().__init__(
            ja=f"次の案件は、内容・指数・施設が変わったか、重複などの確認が残っています: {ja}",
            en=f"These cases changed meanwhile, or a question about them is open: {en}",
        )


def draftable(viewer: Viewer) -> ColumnElement[bool]:
    """The condition under which a case waits to be drafted by this reviewer."""
    return and_(
        visible(Case, viewer.only(StaffRole.REVIEWER)),
        col(Case.status) == CaseStatus.EXAMINED,
        col(Case.adopted_submission_id).is_not(None),
    )


def with_open_questions(session: Session, case_ids: Iterable[str]) -> set[str]:
    """Of these cases, those about whose subject another application of the same instance is still being worked on."""
    rows = session.exec(
        select(Case.id, Case.instance, Link.role, Submission.pack_version_id)
        .join(Link, col(Link.person_id) == Case.subject_id)
        .join(Submission, col(Submission.id) == Link.submission_id)
        .where(
            col(Case.id).in_(list(case_ids)),
            Submission.procedure_id == Case.procedure_id,
            Link.status != LinkStatus.UNDONE,
            col(Submission.status).not_in([SubmissionStatus.SETTLED, SubmissionStatus.ENDED]),
        )
    ).all()
    found = set()
    for case_id, instance, role, pack_version_id in rows:
        matching = get_pack(session, pack_version_id).matching
        if (matching.instance, matching.subject_role) == (instance, role):
            found.add(case_id)
    return found


def refusals_in(session: Session, case_ids: Iterable[str]) -> dict[str, str]:
    """Of these cases those whose adopted application was found to be refused (却下), each with the clerk's reason."""
    adopted = dict(
        session.exec(
            select(Case.id, Case.adopted_submission_id).where(
                col(Case.id).in_(list(case_ids)), col(Case.adopted_submission_id).is_not(None)
            )
        ).all()
    )
    grounds = refusal_grounds(session, [one for one in adopted.values() if one])
    return {case_id: grounds[one] for case_id, one in adopted.items() if one in grounds}


def hold_cases(session: Session, case_ids: Iterable[str]) -> list[Case]:
    """The cases, locked until the end of this write, by number."""
    rows = session.exec(
        select(Case)
        .where(col(Case.id).in_(list(case_ids)))
        .order_by(col(Case.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    return sorted(rows, key=lambda case: case.number)


def moved_on(session: Session, draft_id: str, *, protected: bool) -> set[str]:
    """Ids of the draft's cases that are not what was frozen, or about which a question has come up since.

    protected: whether the draft is one of protected persons; a case that became one does not belong in another.
    """
    changed = session.exec(
        select(Case.id)
        .join(DraftCase, col(DraftCase.case_id) == Case.id)
        .join(Submission, col(Submission.id) == DraftCase.adopted_submission_id)
        .where(
            DraftCase.draft_id == draft_id,
            or_(
                col(Case.status) != CaseStatus.DRAFTED,
                col(Case.version) != col(DraftCase.case_version),
                col(Case.adopted_submission_id) != col(DraftCase.adopted_submission_id),
                col(Case.protected).is_not(protected),
                col(Submission.version) != col(DraftCase.submission_version),
            ),
        )
    ).all()
    return {*changed, *with_open_questions(session, ids_in(session, draft_id))}


def ids_in(session: Session, draft_id: str, outcome: Outcome | None = None) -> list[str]:
    """Ids of the cases of a draft, all or those of one outcome, in the order of the list."""
    query = select(DraftCase.case_id).where(DraftCase.draft_id == draft_id).order_by(col(DraftCase.position))
    return list(session.exec(query.where(DraftCase.outcome == outcome) if outcome else query).all())


def refuse_moved(session: Session, viewer: Viewer, case_ids: Iterable[str]) -> None:
    """Raises CasesMoved for these cases, naming those that the viewer may see."""
    ids = list(case_ids)
    if not ids:
        return
    numbers = numbers_of(session, viewer, ids)
    raise CasesMoved(numbers, hidden=len(ids) - len(numbers))


def numbers_of(session: Session, viewer: Viewer, case_ids: Iterable[str]) -> list[str]:
    """The numbers, in order, of those of these cases that the viewer may see."""
    seen = select(Case.number).where(col(Case.id).in_(list(case_ids)), visible(Case, viewer))
    return list(session.exec(seen.order_by(col(Case.number))).all())


@dataclass(frozen=True)
class Displaced:
    """A ranked case of a draft that does not stand where it stood when it was frozen. now: None, not in the order any
    more. decides: points or place differ, so that it is not what would be approved."""

    now: Placing | None
    decides: bool


def displaced(session: Session, draft_id: str) -> dict[str, Displaced]:
    """The draft's ranked cases whose points, rank or place are others by now; ranks every case of their year."""
    rows = session.exec(select(DraftCase).where(DraftCase.draft_id == draft_id)).all()
    frozen = {row.case_id: placing for row in rows if (placing := frozen_placing(row))}
    if not frozen:
        return {}
    competing = {row.case_id for row in rows if row.outcome is Outcome.GRANT}
    placed = place_cases(session, frozen, competing)
    now = {one: found.placing if (found := placed.get(one)) else None for one in frozen}
    return {
        one: Displaced(here, here is None or not here.decides_as(frozen[one]))
        for one, here in now.items()
        if here != frozen[one]
    }


def put_cases(session: Session, case_ids: Sequence[str], status: CaseStatus) -> None:
    """Puts held cases into `status`, all in one statement."""
    session.execute(
        update(Case)
        .where(col(Case.id).in_(case_ids))
        .values(status=status, version=col(Case.version) + 1)
        .execution_options(synchronize_session=False)
    )
