"""起案: cases put before superiors as a frozen list, and taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeGuard

from sqlmodel import Session, col, select

from pipeline.domain.drafts import DraftScope, Placing, Proposal
from pipeline.domain.errors import Conflict, Impossible, NotAllowed, NotVisible
from pipeline.domain.statuses import CaseStatus, DraftStatus, Outcome, StaffRole
from pipeline.review.draft_cases import (
    MAX_CASES,
    NAMED,
    draftable,
    hold_cases,
    ids_in,
    numbers_of,
    put_cases,
    refusals_in,
    refuse_moved,
    with_open_questions,
)
from pipeline.review.draft_rows import lines_of, new_draft, row_of, said_of
from pipeline.review.placings import Placed, place_cases
from pipeline.runtime import Runtime
from pipeline.store.access import Viewer, visible
from pipeline.store.engine import again_on_clash, read, write
from pipeline.store.events import append_event, append_events
from pipeline.store.tables import Case, Draft


class NothingToDraft(Impossible):
    """No case was chosen."""

    code = "nothing_to_draft"
    ja = "起案する案件がありません。審査済の案件を選んでください。"
    en = "There is no case to draft. Please choose examined cases."


class TooManyCases(Impossible):
    """More cases than one draft may hold."""

    code = "too_many_cases"
    ja = f"一度に起案できるのは{MAX_CASES}件までです。分けて起案してください。"
    en = f"A draft holds at most {MAX_CASES} cases. Please make several."


class MixedCases(Impossible):
    """Cases of another procedure or department, or protected and other ones together."""

    code = "mixed_cases"
    ja = "一つの起案には、同じ手続・所属の案件だけを入れます。支援措置の案件は別の起案にします。"
    en = "A draft holds cases of one procedure and department; protected persons have drafts of their own."


class GroundMissing(Impossible):
    """A refusal without its reason, or a reason for what is granted."""

    code = "ground_missing"
    ja = "不支給とする案件には理由を書き、支給とする案件の理由は空欄にしてください。"
    en = "A refusal needs its ground, and a grant has none."


class WholeOrderNeeded(NotAllowed):
    """Who may not see everybody in an order cannot put it up for approval. The same for all, whoever is in it."""

    code = "whole_order_needed"
    ja = "順位で決める手続の起案は、支援措置対象者も扱える職員が行います。"
    en = "Where a ranking decides, drafts are made by staff who may also see protected persons."


class WithoutPlace(Impossible):
    """Cases to be granted to which the order gives no place."""

    code = "without_place"

    def __init__(self, numbers: Sequence[str]) -> None:
        shown = " ".join(numbers[:NAMED]) + (" …" if len(numbers) > NAMED else "")
        super().__init__(
            ja=f"次の案件は、いまの順位では入れる施設がありません: {shown}",
            en=f"The order as it stands gives these cases no place: {shown}",
        )


class DraftClosed(Conflict):
    """The draft is no longer circulating."""

    code = "draft_closed"
    ja = "この起案は、すでに決裁・差戻し・引戻しのいずれかで終わっています。"
    en = "This draft is no longer circulating: it was approved, returned or withdrawn."


class DraftChanged(Conflict):
    """Somebody else acted on the draft since the page was opened."""

    code = "draft_changed"
    ja = "開いている間に、この起案はほかの人が決裁しました。最新の内容を確認してください。"
    en = "Somebody else acted on this draft meanwhile. Please look at it again."


def make_draft(
    runtime: Runtime,
    viewer: Viewer,
    scope: DraftScope,
    proposals: Sequence[Proposal],
    *,
    title: str = "",
    key: str | None = None,
) -> str:
    """Freezes these cases as a draft that circulates, and gives its id; with the same `key` again, the same draft.

    Where the procedure ranks, each case's points, rank and place are frozen with it. Raises NotAllowed, NotVisible,
    NothingToDraft, TooManyCases, MixedCases, GroundMissing, CasesMoved for cases that do not wait to be drafted, and
    for a ranked procedure WholeOrderNeeded and WithoutPlace.
    """
    if not viewer.may(StaffRole.REVIEWER, scope.department, scope.procedure_id):
        raise NotAllowed
    wanted = {proposal.case_id: proposal for proposal in proposals}
    if not wanted:
        raise NothingToDraft
    if len(wanted) > MAX_CASES:
        raise TooManyCases
    if any((one.outcome is Outcome.REFUSE) != bool(one.ground.strip()) for one in wanted.values()):
        raise GroundMissing
    return again_on_clash(lambda: _make(runtime, viewer, scope, wanted, title.strip(), key))


def make_draft_of_all(
    runtime: Runtime,
    viewer: Viewer,
    scope: DraftScope,
    expected: int,
    *,
    refusals: int = 0,
    title: str = "",
    key: str | None = None,
) -> str:
    """Drafts every case of this scope without an open question as it was examined: to be granted, or refused with the
    reason the clerk gave. `expected`: how many the page showed; `refusals`: how many of them to be refused.

    Raises as `make_draft`, and Conflict when the numbers are others by now.
    """
    if key and (known := _known(runtime, viewer, key)):
        return known
    with read(runtime.engine) as session:
        ids = clear_cases(session, viewer, scope)[:MAX_CASES]
        proposals = examined_as(session, ids)
    if (len(ids), sum(one.outcome is Outcome.REFUSE for one in proposals)) != (expected, refusals):
        raise Conflict
    return make_draft(runtime, viewer, scope, proposals, title=title, key=key)


def examined_as(
    session: Session, case_ids: Sequence[str], placed: Mapping[str, Placed | None] | None = None
) -> list[Proposal]:
    """What their examination, and where places are given the order, proposes for these cases, in their order.

    placed: what `place_cases` gave for them, where that was asked before.
    """
    placed = place_cases(session, case_ids) if placed is None else placed
    grounds = {one: here.ground for one, here in placed.items() if _no_place(here)}
    grounds |= refusals_in(session, case_ids)
    return [Proposal(one, Outcome.REFUSE, grounds[one]) if one in grounds else Proposal(one) for one in case_ids]


def _no_place(placed: Placed | None) -> TypeGuard[Placed]:
    return placed is not None and not placed.ranked.place


def _freeze(session: Session, viewer: Viewer, wanted: Mapping[str, Proposal]) -> dict[str, Placing]:
    """Where the cases stand now; {} where nobody is ranked."""
    granted = {one.case_id for one in wanted.values() if one.outcome is Outcome.GRANT}
    placed = place_cases(session, wanted, granted)
    if placed and not viewer.sees_protected:
        raise WholeOrderNeeded
    without = [one for one in granted & placed.keys() if _no_place(placed[one])]
    if without:
        raise WithoutPlace(numbers_of(session, viewer, without))
    return {one: placed.placing for one, placed in placed.items() if placed}


def clear_cases(session: Session, viewer: Viewer, scope: DraftScope) -> list[str]:
    """Ids of the cases of this scope that may be drafted now, by number."""
    ids = session.exec(select(Case.id).where(draftable(viewer), *within(scope)).order_by(col(Case.number))).all()
    doubtful = with_open_questions(session, ids)
    return [one for one in ids if one not in doubtful]


def within(scope: DraftScope) -> tuple[bool, ...]:
    """Conditions on cases: that they are of this scope."""
    return (
        Case.procedure_id == scope.procedure_id,
        Case.department == scope.department,
        col(Case.protected).is_(scope.protected),  # type: ignore[return-value]
    )


def withdraw_draft(runtime: Runtime, viewer: Viewer, draft_id: str, version: int) -> None:
    """引戻し: the drafter takes the draft back, and its cases wait to be drafted again. Twice is once.

    Raises NotVisible, NotAllowed for anybody else, DraftClosed and DraftChanged.
    """
    again_on_clash(lambda: _withdraw(runtime, viewer, draft_id, version))


def _withdraw(runtime: Runtime, viewer: Viewer, draft_id: str, version: int) -> None:
    with write(runtime.engine) as session:
        draft = hold_draft(session, viewer, draft_id)
        if draft.made_by != viewer.user_id:
            raise NotAllowed
        if draft.status is DraftStatus.WITHDRAWN:
            return
        require_circulating(draft, version)
        close_draft(session, draft, DraftStatus.WITHDRAWN, viewer.user_id, runtime.clock())
        release_cases(session, draft, viewer.user_id, runtime.clock())


def hold_draft(session: Session, viewer: Viewer, draft_id: str) -> Draft:
    """The draft, locked until the end of this write. Raises NotVisible."""
    readers = viewer.only(StaffRole.REVIEWER, StaffRole.APPROVER)
    draft = session.exec(select(Draft).where(Draft.id == draft_id, visible(Draft, readers)).with_for_update()).first()
    if draft is None:
        raise NotVisible
    return draft


def require_circulating(draft: Draft, version: int) -> None:
    """Raises DraftClosed, or DraftChanged when it is not the draft on the page."""
    if draft.status is not DraftStatus.CIRCULATING:
        raise DraftClosed
    if draft.version != version:
        raise DraftChanged


def close_draft(session: Session, draft: Draft, status: DraftStatus, actor: str, at: datetime) -> None:
    """The held draft ends in `status`."""
    draft.status, draft.closed_at, draft.version = status, at, draft.version + 1
    session.add(draft)
    append_event(session, "draft", draft.id, f"draft_{status.value}", actor=actor, at=at)


def release_cases(session: Session, draft: Draft, actor: str, at: datetime) -> None:
    """The cases of a draft that came to nothing wait to be drafted again."""
    held = hold_cases(session, ids_in(session, draft.id))
    freed = [case.id for case in held if case.status is CaseStatus.DRAFTED]
    put_cases(session, freed, CaseStatus.EXAMINED)
    append_events(session, "case", freed, "case_released", actor=actor, at=at, payload={"draft": draft.id})


def _known(runtime: Runtime, viewer: Viewer, key: str) -> str | None:
    with read(runtime.engine) as session:
        return session.exec(select(Draft.id).where(Draft.key == key, Draft.made_by == viewer.user_id)).first()


def _make(
    runtime: Runtime, viewer: Viewer, scope: DraftScope, wanted: dict[str, Proposal], title: str, key: str | None
) -> str:
    now = runtime.clock()
    if key and (known := _known(runtime, viewer, key)):
        return known
    with read(runtime.engine) as session:  # before the write: ranking thousands takes seconds
        placings = _freeze(session, viewer, wanted)
    with write(runtime.engine) as session:
        cases = _cases_for(session, viewer, scope, list(wanted))
        lines = lines_of(session, cases, wanted, placings)
        draft = new_draft(session, runtime, viewer, scope, lines)
        draft.key, draft.title = key, title or draft.title
        session.add(draft)
        session.flush()
        session.add_all(row_of(draft.id, place, line) for place, line in enumerate(lines, start=1))
        put_cases(session, [case.id for case in cases], CaseStatus.DRAFTED)
        actor = viewer.user_id
        append_event(session, "draft", draft.id, "draft_made", actor=actor, at=now, payload=said_of(draft))
        append_events(session, "case", wanted, "case_drafted", actor=actor, at=now, payload={"draft": draft.id})
        return draft.id


def _cases_for(session: Session, viewer: Viewer, scope: DraftScope, ids: list[str]) -> list[Case]:
    seen = session.exec(
        select(Case.id).where(col(Case.id).in_(ids), visible(Case, viewer.only(StaffRole.REVIEWER)))
    ).all()
    if len(seen) != len(ids):
        raise NotVisible
    cases = hold_cases(session, ids)
    common = (scope.procedure_id, scope.department, scope.protected)
    if any((case.procedure_id, case.department, case.protected) != common for case in cases):
        raise MixedCases
    waiting = {case.id for case in cases if case.status is CaseStatus.EXAMINED and case.adopted_submission_id}
    refuse_moved(session, viewer, {*ids} - waiting | with_open_questions(session, ids))
    return cases
