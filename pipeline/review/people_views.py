"""本人の候補: for each role of an application, who it may be and what speaks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from matchers.records import PersonRecord
from pipeline.domain.statuses import EntryStatus, LinkStatus
from pipeline.procedures.pack import Label, Procedure
from pipeline.review.explanations import (
    Evidence,
    Explanation,
    Why,
    decide_again,
    explain_candidate,
    explain_why,
)
from pipeline.review.field_views import role_label
from pipeline.steps.evidence import read_evidence
from pipeline.steps.listed import Listed, listed
from pipeline.steps.people import record_of
from pipeline.steps.roles import role_record, values_by_key
from pipeline.steps.weights import weights_of
from pipeline.store.access import Viewer, visible
from pipeline.store.tables import (
    Candidate,
    Case,
    Distinction,
    Entry,
    FieldValue,
    Link,
    Person,
    Submission,
    User,
)


@dataclass(frozen=True)
class PersonView:
    """A person as registered. listed: what the list of the procedure at hand says of them, None when on no list."""

    id: str
    resident_number: str | None
    household_number: str | None
    name: str
    kana: str
    birth_date: date | None
    address: str | None
    registered: bool
    listed: Listed | None = None

    @property
    def eligible(self) -> bool | None:
        """Whether a benefit may be granted for them; None when on no list."""
        return self.listed.eligible if self.listed else None


@dataclass(frozen=True)
class CandidateView:
    """Somebody it may be. said_not: a clerk has said that it is not this person."""

    person: PersonView
    total: float
    explanation: Explanation
    contradictions: tuple[str, ...]
    said_not: bool

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What was compared, the heaviest first."""
        return self.explanation.evidence


@dataclass(frozen=True)
class RolePanel:
    """One role: the link that holds, the candidates, and the case its entry went to.

    linked_by: the clerk who said so, "" for the software. why: None where nothing was compared.
    subject: the application is about this role, so that eligibility matters.
    """

    role: str
    index: int
    label: Label
    link_status: LinkStatus | None
    linked: PersonView | None
    linked_by: str
    linked_at: datetime | None
    candidates: tuple[CandidateView, ...]
    why: Why | None
    entry_status: EntryStatus | None
    case_id: str | None
    case_number: str | None
    subject: bool

    @property
    def unclear(self) -> bool:
        """True while no link holds."""
        return self.link_status is None or not self.link_status.is_active

    @property
    def chosen(self) -> CandidateView | None:
        """The candidate who is linked, with what spoke for them."""
        wanted = self.linked.id if self.linked else None
        return next((one for one in self.candidates if one.person.id == wanted), None)


@dataclass(frozen=True)
class _Known:
    """What all panels of one application are made from; only what the viewer may see."""

    session: Session
    submission: Submission
    pack: Procedure
    values: Mapping[str, FieldValue]
    candidates: Sequence[Candidate]
    links: Sequence[Link]
    entries: Sequence[Entry]
    said_not: set[tuple[str, int, str]]
    people: Mapping[str, PersonView]
    records: Mapping[str, PersonRecord]
    cases: Mapping[str, str]
    clerks: Mapping[str, str]


def role_panels(session: Session, viewer: Viewer, submission: Submission, pack: Procedure) -> tuple[RolePanel, ...]:
    """A panel for every single role that is matched, and every index with an entry, link or candidate."""
    known = _known(session, viewer, submission, pack)
    asked = {(one.role, 0) for one in pack.matching.roles if pack.role(one.role).max == 1}
    order = [role.name for role in pack.roles]
    places = sorted(
        _places(known.candidates, known.links, known.entries) | asked,
        key=lambda place: (order.index(place[0]) if place[0] in order else len(order), place[1]),
    )
    return tuple(_panel(known, place) for place in places)


def case_panel(
    session: Session, viewer: Viewer, submission: Submission, pack: Procedure, case_id: str
) -> RolePanel | None:
    """The panel of that role of an application which went to this case."""
    known = _known(session, viewer, submission, pack)
    place = next(((row.role, row.role_index) for row in known.entries if row.case_id == case_id), None)
    return _panel(known, place) if place else None


def _known(session: Session, viewer: Viewer, submission: Submission, pack: Procedure) -> _Known:
    candidates = session.exec(
        select(Candidate)
        .where(Candidate.submission_id == submission.id, visible(Candidate, viewer))
        .order_by(col(Candidate.rank))
    ).all()
    links = session.exec(
        select(Link)
        .where(Link.submission_id == submission.id, visible(Link, viewer), Link.status != LinkStatus.UNDONE)
        .order_by(col(Link.made_at))
    ).all()
    entries = session.exec(select(Entry).where(Entry.submission_id == submission.id)).all()
    distinct = session.exec(select(Distinction).where(Distinction.submission_id == submission.id)).all()
    ids = {row.person_id for row in candidates} | {row.person_id for row in links}
    people, records = see_people(session, viewer, ids, pack.id)
    makers = {row.made_by for row in links}
    return _Known(
        session=session,
        submission=submission,
        pack=pack,
        values=values_by_key(session, submission.id),
        candidates=[row for row in candidates if row.person_id in people],
        links=links,
        entries=entries,
        said_not={(row.role, row.role_index, row.person_id) for row in distinct},
        people=people,
        records=records,
        cases=_cases(session, viewer, [entry.case_id for entry in entries if entry.case_id]),
        clerks=dict(session.exec(select(User.id, User.display_name).where(col(User.id).in_(makers))).all()),
    )


def _panel(known: _Known, place: tuple[str, int]) -> RolePanel:
    held = [row for row in known.links if (row.role, row.role_index) == place]
    active = [row for row in held if row.status.is_active]
    link = (active or held)[-1] if held else None
    entry = next((row for row in known.entries if (row.role, row.role_index) == place), None)
    case_id = entry.case_id if entry and entry.case_id in known.cases else None
    candidates, why = _explained(known, place, linked=bool(link and link.status is LinkStatus.AUTO))
    return RolePanel(
        role=place[0],
        index=place[1],
        label=role_label(known.pack, *place),
        link_status=link.status if link else None,
        linked=known.people.get(link.person_id) if link else None,
        linked_by=known.clerks.get(link.made_by, "") if link else "",
        linked_at=link.made_at if link else None,
        candidates=candidates,
        why=why,
        entry_status=entry.status if entry else None,
        case_id=case_id,
        case_number=known.cases[case_id] if case_id else None,
        subject=place[0] == known.pack.matching.subject_role,
    )


def _explained(known: _Known, place: tuple[str, int], *, linked: bool) -> tuple[tuple[CandidateView, ...], Why | None]:
    """The candidates of a role with what speaks for them, and why they led where they led."""
    rows = [row for row in known.candidates if (row.role, row.role_index) == place]
    if not rows or place[0] not in {one.role for one in known.pack.matching.roles}:
        return (), None
    said = role_record(known.pack, known.submission, known.values, *place)
    compared = {
        row.person_id: read_evidence(row.evidence, row.total, row.person_evidence, row.contradictions) for row in rows
    }
    weights = weights_of(known.session, rows[0].weights_version)
    decision = decide_again(compared, weights)
    views = tuple(
        CandidateView(
            person=known.people[row.person_id],
            total=row.total,
            explanation=explain_candidate(
                said, known.records[row.person_id], row.person_id, compared[row.person_id], decision, weights
            ),
            contradictions=compared[row.person_id].contradictions,
            said_not=(*place, row.person_id) in known.said_not,
        )
        for row in rows
    )
    return views, explain_why(decision, weights, linked=linked) if decision and weights else None


def _places(candidates: Sequence[Candidate], links: Sequence[Link], entries: Sequence[Entry]) -> set[tuple[str, int]]:
    return (
        {(row.role, row.role_index) for row in candidates}
        | {(row.role, row.role_index) for row in links}
        | {(row.role, row.role_index) for row in entries}
    )


def see_people(
    session: Session, viewer: Viewer, ids: set[str], procedure_id: str = ""
) -> tuple[dict[str, PersonView], dict[str, PersonRecord]]:
    """Of these persons those the viewer may see, for the page and as records to compare.

    procedure_id: whose list is asked about them; none without one.
    """
    rows = session.exec(select(Person).where(col(Person.id).in_(ids), visible(Person, viewer))).all()
    said = listed(session, procedure_id, {row.id for row in rows}) if procedure_id else {}
    views = {
        row.id: PersonView(
            id=row.id,
            resident_number=row.resident_number,
            household_number=row.household_number,
            name=row.name,
            kana=row.kana,
            birth_date=row.birth_date,
            address=row.address,
            registered=row.source == "roster",
            listed=said.get(row.id),
        )
        for row in rows
    }
    return views, {row.id: record_of(row) for row in rows}


def _cases(session: Session, viewer: Viewer, ids: Sequence[str]) -> dict[str, str]:
    query = select(Case.id, Case.number).where(col(Case.id).in_(ids), visible(Case, viewer))
    return dict(session.exec(query).all())
