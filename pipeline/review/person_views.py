"""One person of the store on a page: as registered, where they appear, and who else they may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from matchers.compare import compare
from matchers.normalise import normalise
from pipeline.domain.errors import NotVisible
from pipeline.domain.statuses import CaseStatus, Channel, LinkStatus, StaffRole
from pipeline.procedures.pack import Label, Procedure
from pipeline.review.explanations import Explanation, explain_candidate
from pipeline.review.field_views import role_label
from pipeline.review.merging import may_know
from pipeline.review.merging_views import PossibleDouble, RegroupingView, find_doubles, regroupings_of
from pipeline.review.people_views import PersonView, see_people
from pipeline.runtime import Runtime
from pipeline.steps.evidence import read_evidence
from pipeline.steps.packs import get_pack, latest_pack
from pipeline.steps.people import record_of
from pipeline.steps.weights import weights_in_force
from pipeline.store.access import Viewer, visible
from pipeline.store.engine import read
from pipeline.store.tables import Case, Link, Person, Submission, User

READERS = (StaffRole.REVIEWER, StaffRole.APPROVER)


@dataclass(frozen=True)
class LinkedView:
    """A role of an application that is this person. made_by: a clerk's name, "" for the software."""

    link_id: str
    submission_id: str
    receipt_number: str
    procedure: Label
    role: Label
    channel: Channel
    received_on: date
    status: LinkStatus
    made_by: str
    made_at: datetime


@dataclass(frozen=True)
class CaseOf:
    """A case of which the person is the subject."""

    id: str
    number: str
    procedure: Label
    instance: str
    status: CaseStatus


@dataclass(frozen=True)
class DoubleView:
    """Somebody who may be the same person, registered a second time. likely: the software would link them.
    said_different: a clerk said they are not, and nothing has changed since."""

    person: PersonView
    explanation: Explanation
    likely: bool
    said_different: bool


@dataclass(frozen=True)
class Regrouped:
    """One 統合 or 分離 of this person with `other`, None where that one may not be seen."""

    regrouping: RegroupingView
    other: PersonView | None


@dataclass(frozen=True)
class PersonPage:
    """Everything a page shows of one person. merged_into: whom this record was joined to."""

    person: PersonView
    former_name: str | None
    phone: str | None
    postal_code: str | None
    merged_into: PersonView | None
    links: tuple[LinkedView, ...]
    cases: tuple[CaseOf, ...]
    doubles: tuple[DoubleView, ...]
    regrouped: tuple[Regrouped, ...]


@dataclass(frozen=True)
class MergePage:
    """Two persons side by side: `gone` would become `kept`."""

    kept: PersonPage
    gone: PersonPage
    explanation: Explanation


def get_person_page(runtime: Runtime, viewer: Viewer, person_id: str) -> PersonPage:
    """A person with their applications and cases, for reviewers and approvers. Raises NotVisible."""
    viewer = viewer.only(*READERS)
    with read(runtime.engine) as session:
        page = _page(session, viewer, person_id, ())
        # Of whom something is hidden, no doubles are told: a page like that of anybody without them.
        asks = viewer.has(StaffRole.REVIEWER) and may_know(session, viewer, {person_id})
    if not asks or page.merged_into:
        return page
    doubles = find_doubles(runtime, viewer, person_id)
    with read(runtime.engine) as session:
        return _page(session, viewer, person_id, doubles)


def get_merge_page(runtime: Runtime, viewer: Viewer, kept_id: str, gone_id: str) -> MergePage:
    """What would become one, for reviewers. Raises NotVisible, also for one person named twice."""
    viewer = viewer.only(StaffRole.REVIEWER)
    with read(runtime.engine) as session:
        if kept_id == gone_id or not may_know(session, viewer, {kept_id, gone_id}):
            raise NotVisible
        kept, gone = (_page(session, viewer, one, ()) for one in (kept_id, gone_id))
        weights = weights_in_force(session)
        one, other = (record_of(session.get_one(Person, key)) for key in (kept_id, gone_id))
        comparison = compare(normalise(one), normalise(other), weights)
        return MergePage(kept, gone, explain_candidate(one, other, gone_id, comparison, None, weights))


def _page(session: Session, viewer: Viewer, person_id: str, doubles: Sequence[PossibleDouble]) -> PersonPage:
    row = session.exec(select(Person).where(Person.id == person_id, visible(Person, viewer))).first()
    if row is None:
        raise NotVisible
    found = regroupings_of(session, viewer, person_id)
    ids = {row.id, *(one.person_id for one in doubles), *(end for one in found for end in (one.from_id, one.to_id))}
    seen, records = see_people(session, viewer, ids | ({row.merged_into} if row.merged_into else set()))
    weights = weights_in_force(session)
    own = record_of(row)
    return PersonPage(
        person=seen[row.id],
        former_name=row.former_name,
        phone=row.phone,
        postal_code=row.postal_code,
        merged_into=seen.get(row.merged_into) if row.merged_into else None,
        links=_links(session, viewer, row.id),
        cases=_cases(session, viewer, row.id),
        doubles=tuple(
            DoubleView(
                seen[one.person_id],
                explain_candidate(
                    own, records[one.person_id], one.person_id, read_evidence(one.evidence, one.total), None, weights
                ),
                one.likely,
                one.said_different,
            )
            for one in doubles
            if one.person_id in seen
        ),
        regrouped=tuple(Regrouped(one, seen.get(_other(one, person_id))) for one in found),
    )


def _links(session: Session, viewer: Viewer, person_id: str) -> tuple[LinkedView, ...]:
    # Not joined: the filter of links asks for their submission in a query of its own.
    links = session.exec(
        select(Link).where(Link.person_id == person_id, Link.status != LinkStatus.UNDONE, visible(Link, viewer))
    ).all()
    wanted = {link.submission_id for link in links}
    rows = session.exec(select(Submission).where(col(Submission.id).in_(wanted), visible(Submission, viewer))).all()
    of = {row.id: row for row in rows}
    names = _names(session, {link.made_by for link in links})
    found = [
        _linked(link, of[link.submission_id], get_pack(session, of[link.submission_id].pack_version_id), names)
        for link in sorted(links, key=lambda link: (link.role, link.role_index))
        if link.submission_id in of
    ]
    return tuple(sorted(found, key=lambda one: one.received_on, reverse=True))


def _linked(link: Link, submission: Submission, pack: Procedure, names: Mapping[str, str]) -> LinkedView:
    return LinkedView(
        link_id=link.id,
        submission_id=submission.id,
        receipt_number=submission.receipt_number,
        procedure=pack.label,
        role=role_label(pack, link.role, link.role_index),
        channel=submission.channel,
        received_on=submission.received_on,
        status=link.status,
        made_by=names.get(link.made_by, ""),
        made_at=link.made_at,
    )


def _cases(session: Session, viewer: Viewer, person_id: str) -> tuple[CaseOf, ...]:
    rows = session.exec(
        select(Case).where(Case.subject_id == person_id, visible(Case, viewer)).order_by(col(Case.opened_at).desc())
    ).all()
    return tuple(
        CaseOf(row.id, row.number, latest_pack(session, row.procedure_id)[1].label, row.instance, row.status)
        for row in rows
    )


def _other(regrouping: RegroupingView, person_id: str) -> str:
    return regrouping.to_id if regrouping.from_id == person_id else regrouping.from_id


def _names(session: Session, ids: set[str]) -> dict[str, str]:
    return dict(session.exec(select(User.id, User.display_name).where(col(User.id).in_(ids))).all())
