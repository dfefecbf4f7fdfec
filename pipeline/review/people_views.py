"""本人の候補: for each role of an application, who it may be and what speaks for it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, select

from matchers.explain import level_words
from pipeline.domain.statuses import EntryStatus, LinkStatus
from pipeline.procedures.pack import Label, Procedure
from pipeline.review.field_views import role_label
from pipeline.store.access import Viewer, visible
from pipeline.store.tables import Candidate, Case, Distinction, Entry, Link, Person, RosterRow, Submission


@dataclass(frozen=True)
class Evidence:
    """What the comparison of one attribute says. weight: log2 of a likelihood ratio."""

    field: str
    level: str
    weight: float
    sentence: Label


@dataclass(frozen=True)
class PersonView:
    """A person as registered. eligible: None when on no list."""

    id: str
    resident_number: str | None
    household_number: str | None
    name: str
    kana: str
    birth_date: date | None
    address: str | None
    eligible: bool | None
    registered: bool


@dataclass(frozen=True)
class CandidateView:
    """Somebody it may be. said_not: a clerk has said that it is not this person."""

    person: PersonView
    total: float
    evidence: tuple[Evidence, ...]
    contradictions: tuple[str, ...]
    said_not: bool

    @property
    def telling(self) -> Evidence | None:
        """The attribute that speaks loudest, for or against."""
        return max(self.evidence, key=lambda item: abs(item.weight), default=None)


@dataclass(frozen=True)
class RolePanel:
    """One role: the link that holds, the candidates, and the case its entry went to.

    subject: the application is about this role, so that eligibility matters.
    """

    role: str
    index: int
    label: Label
    link_status: LinkStatus | None
    linked: PersonView | None
    candidates: tuple[CandidateView, ...]
    entry_status: EntryStatus | None
    case_id: str | None
    case_number: str | None
    subject: bool

    @property
    def unclear(self) -> bool:
        """True while no link holds."""
        return self.link_status is None or not self.link_status.is_active


def role_panels(session: Session, viewer: Viewer, submission: Submission, pack: Procedure) -> tuple[RolePanel, ...]:
    """A panel for every single role that is matched, and every index with an entry, link or candidate."""
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
    said_not = {(row.role, row.role_index, row.person_id) for row in distinct}
    people = _people(session, viewer, {row.person_id for row in candidates} | {row.person_id for row in links})
    cases = _cases(session, viewer, [entry.case_id for entry in entries if entry.case_id])
    asked = {(one.role, 0) for one in pack.matching.roles if pack.role(one.role).max == 1}
    order = [role.name for role in pack.roles]
    places = sorted(
        _places(candidates, links, entries) | asked,
        key=lambda place: (order.index(place[0]) if place[0] in order else len(order), place[1]),
    )
    return tuple(_panel(pack, place, candidates, links, entries, said_not, people, cases) for place in places)


def _panel(
    pack: Procedure,
    place: tuple[str, int],
    candidates: Sequence[Candidate],
    links: Sequence[Link],
    entries: Sequence[Entry],
    said_not: set[tuple[str, int, str]],
    people: dict[str, PersonView],
    cases: dict[str, str],
) -> RolePanel:
    held = [row for row in links if (row.role, row.role_index) == place]
    active = [row for row in held if row.status.is_active]
    link = (active or held)[-1] if held else None
    entry = next((row for row in entries if (row.role, row.role_index) == place), None)
    case_id = entry.case_id if entry and entry.case_id in cases else None
    return RolePanel(
        role=place[0],
        index=place[1],
        label=role_label(pack, *place),
        link_status=link.status if link else None,
        linked=people.get(link.person_id) if link else None,
        candidates=tuple(
            CandidateView(
                person=people[row.person_id],
                total=row.total,
                evidence=_evidence(row.evidence),
                contradictions=tuple(part for part in row.contradictions.split(",") if part),
                said_not=(*place, row.person_id) in said_not,
            )
            for row in candidates
            if (row.role, row.role_index) == place and row.person_id in people
        ),
        entry_status=entry.status if entry else None,
        case_id=case_id,
        case_number=cases[case_id] if case_id else None,
        subject=place[0] == pack.matching.subject_role,
    )


def _places(candidates: Sequence[Candidate], links: Sequence[Link], entries: Sequence[Entry]) -> set[tuple[str, int]]:
    return (
        {(row.role, row.role_index) for row in candidates}
        | {(row.role, row.role_index) for row in links}
        | {(row.role, row.role_index) for row in entries}
    )


def _evidence(stored: str) -> tuple[Evidence, ...]:
    found = [
        Evidence(item["field"], item["level"], float(item["weight"]), _sentence(item["field"], item["level"]))
        for item in json.loads(stored)
    ]
    return tuple(sorted(found, key=lambda item: -abs(item.weight)))


def _sentence(field: str, level: str) -> Label:
    try:
        words = level_words(field, level)
    except KeyError:
        # Evidence stored under weights of another version may name what is no longer declared.
        return Label(ja=f"{field} {level}", en=f"{field} {level}")
    return Label(ja=words.ja, en=words.en)


def _people(session: Session, viewer: Viewer, ids: set[str]) -> dict[str, PersonView]:
    rows = session.exec(select(Person).where(col(Person.id).in_(ids), visible(Person, viewer))).all()
    eligible = dict(
        session.exec(
            select(RosterRow.person_id, RosterRow.eligible)
            .where(col(RosterRow.person_id).in_(ids))
            .order_by(col(RosterRow.valid_from))
        ).all()
    )
    return {
        row.id: PersonView(
            id=row.id,
            resident_number=row.resident_number,
            household_number=row.household_number,
            name=row.name,
            kana=row.kana,
            birth_date=row.birth_date,
            address=row.address,
            eligible=eligible.get(row.id),
            registered=row.source == "roster",
        )
        for row in rows
    }


def _cases(session: Session, viewer: Viewer, ids: Sequence[str]) -> dict[str, str]:
    query = select(Case.id, Case.number).where(col(Case.id).in_(ids), visible(Case, viewer))
    return dict(session.exec(query).all())
