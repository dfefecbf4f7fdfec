"""Who is ranked, and where drafted cases stand in the whole order: frozen when drafted, compared when approved."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from sqlmodel import Session, col, select

from pipeline.domain.drafts import Placing
from pipeline.domain.statuses import CaseStatus
from pipeline.procedures.pack import Label, Procedure
from pipeline.procedures.ranking import Applicant, Ranked, explain, rank_applicants
from pipeline.steps.examined import refusal_grounds
from pipeline.steps.packs import get_pack
from pipeline.steps.placings import granted_placings
from pipeline.steps.score import get_scorer
from pipeline.store.access import Viewer, visible
from pipeline.store.tables import Case, Entry, FieldValue, PackVersion, Person, Submission


@dataclass(frozen=True)
class Placed:
    """One case in the whole order, and the rules it was ranked by."""

    ranked: Ranked
    rules: Procedure

    @property
    def placing(self) -> Placing:
        """What a draft freezes of it."""
        return Placing(self.ranked.score.total, self.ranked.rank, self.ranked.place or "")

    @property
    def ground(self) -> str:
        """Why there is no place, as the applicant is told."""
        why = explain(self.rules, self.ranked).ja
        return f"指数{self.ranked.score.total}点、順位{self.ranked.rank}位。{why}"


@dataclass(frozen=True)
class PlacingView:
    """Where a case stands in the order. place: None without one."""

    points: int
    rank: int
    place: Label | None


def placing_view(placing: Placing | None, labels: Mapping[str, Label]) -> PlacingView | None:
    """As screens show it; a place that the rules do not name any more by its code."""
    if placing is None:
        return None
    code = placing.place
    place = labels.get(code, Label(ja=code, en=code)) if code else None
    return PlacingView(placing.points, placing.rank, place)


def find_ranking(session: Session, procedure_id: str, instance: str) -> str | None:
    """Id of the newest installed version that ranks the cases of this instance; None where nobody is ranked."""
    versions = session.exec(
        select(PackVersion.id)
        .where(PackVersion.procedure_id == procedure_id)
        .order_by(col(PackVersion.installed_at).desc(), col(PackVersion.version).desc())
    ).all()
    for version_id in versions:
        pack = get_pack(session, version_id)
        if pack.scores and pack.scores.ranking and pack.matching.instance == instance:
            return version_id
    return None


def place_cases(
    session: Session, case_ids: Collection[str], competing: Collection[str] = ()
) -> dict[str, Placed | None]:
    """Where each of these cases stands; None for one that is not in the order, {} where nobody is ranked.

    The order is that of all cases of a year, whoever may see them: two children cannot be given one place. competing:
    cases that take part though they were found to be refused.
    """
    found: dict[str, Placed | None] = {}
    rows = session.exec(select(Case.procedure_id, Case.instance, Case.id).where(col(Case.id).in_(list(case_ids)))).all()
    for procedure_id, instance in sorted({row[:2] for row in rows}):
        version_id = find_ranking(session, procedure_id, instance)
        if version_id is None:
            continue
        rules = get_pack(session, version_id)
        cases, applicants = find_applicants(session, None, rules, competing)
        order = rank_applicants(get_scorer(session, version_id), with_decisions(session, cases, applicants))
        placed = {one.key: Placed(one, rules) for one in order}
        found |= {row[2]: placed.get(row[2]) for row in rows if row[:2] == (procedure_id, instance)}
    return found


def find_applicants(
    session: Session, viewer: Viewer | None, pack: Procedure, competing: Collection[str] = ()
) -> tuple[dict[str, tuple[Case, Person]], list[Applicant]]:
    """The cases of the pack's instance and who is to be ranked: not who withdrew, nor who was found to be refused.

    viewer: None leaves nobody out. competing: cases that take part though they were found to be refused.
    """
    rows = session.exec(
        select(Case, Person, Entry)
        .join(Person, col(Person.id) == Case.subject_id)
        .join(Entry, (col(Entry.case_id) == Case.id) & (col(Entry.submission_id) == Case.adopted_submission_id))
        .join(Submission, col(Submission.id) == Entry.submission_id)
        .where(
            Case.procedure_id == pack.id,
            Case.instance == pack.matching.instance,
            Case.status != CaseStatus.WITHDRAWN,
            *(visible(model, viewer) for model in (Case, Person, Submission) if viewer),
        )
        .order_by(col(Case.number), col(Entry.role_index))
    ).all()
    values = _values(session, viewer, pack)
    refused = refusal_grounds(session, {entry.submission_id for _, _, entry in rows})
    cases = {
        case.id: (case, person)
        for case, person, entry in rows
        if entry.submission_id not in refused or case.id in competing or case.status is CaseStatus.GRANTED
    }
    entries = {case.id: entry for case, _, entry in reversed(rows)}
    # By number, so that those whom no rule tells apart stand in an order that stays.
    ordered = sorted(cases.values(), key=lambda pair: pair[0].number)
    applicants = [
        Applicant(case.id, values.get(entries[case.id].submission_id, {}), entries[case.id].role_index)
        for case, _ in ordered
    ]
    return cases, applicants


def with_decisions(
    session: Session, cases: Mapping[str, tuple[Case, Person]], applicants: Iterable[Applicant]
) -> list[Applicant]:
    """The applicants, each with what superiors decided: who was given a place keeps it, who was refused has none."""
    given = {key: placing.place for key, placing in granted_placings(session, cases).items()}
    given |= {key: "" for key, (case, _) in cases.items() if case.status is CaseStatus.REFUSED}
    return [replace(one, settled=given.get(one.key)) for one in applicants]


def _values(session: Session, viewer: Viewer | None, pack: Procedure) -> dict[str, dict[str, str]]:
    """Values by submission, of the adopted ones; in one query, as columns, since there are thousands."""
    adopted = select(Case.adopted_submission_id).where(
        Case.procedure_id == pack.id,
        Case.instance == pack.matching.instance,
        *((visible(Case, viewer),) if viewer else ()),
    )
    found: dict[str, dict[str, str]] = {}
    for submission, key, value in session.exec(
        select(FieldValue.submission_id, FieldValue.key, FieldValue.value).where(
            col(FieldValue.submission_id).in_(adopted), col(FieldValue.value).is_not(None)
        )
    ):
        found.setdefault(submission, {})[key] = value or ""
    return found
