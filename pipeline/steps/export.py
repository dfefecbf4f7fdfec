"""Decided cases out, as the CSV that the core system takes."""

from __future__ import annotations

from collections.abc import Mapping

from sqlmodel import Session, col, select

from pipeline.domain.drafts import Placing
from pipeline.domain.errors import Impossible, NotAllowed
from pipeline.domain.statuses import CaseStatus, StaffRole
from pipeline.outbound.csv_export import CsvExport, export_cases
from pipeline.procedures.pack import ExportColumn, Procedure, field_key
from pipeline.procedures.ranking import place_labels
from pipeline.runtime import Runtime
from pipeline.steps.packs import latest_pack
from pipeline.steps.placings import granted_placings
from pipeline.steps.roles import values_by_key
from pipeline.steps.score import points_of
from pipeline.store.access import Viewer, visible
from pipeline.store.engine import read, write
from pipeline.store.events import append_event
from pipeline.store.tables import Case, Entry, FieldValue, Person, Submission


class NotDeclared(Impossible):
    """The procedure's pack does not say what the file of decided cases holds."""

    code = "export_not_declared"
    ja = "この手続には、決定した案件の出力項目が定められていません。手続定義の outbound に定めてください。"
    en = "This procedure declares no columns for decided cases. Declare them under outbound in its pack."


def export_decided(runtime: Runtime, viewer: Viewer, procedure_id: str) -> CsvExport:
    """Every granted case the viewer may see, one row each, in the columns that its pack declares.

    Raises NotDeclared where it declares none, and NotAllowed for anybody but reviewers of this procedure. That an
    export was made is in the history.
    """
    viewer = viewer.only(StaffRole.REVIEWER)
    if not any(viewer.may(StaffRole.REVIEWER, grant.department, procedure_id) for grant in viewer.grants):
        raise NotAllowed
    with read(runtime.engine) as session:
        _, pack = latest_pack(session, procedure_id)
        rows = session.exec(
            select(Case, Person)
            .join(Person, col(Person.id) == Case.subject_id)
            .join(Submission, col(Submission.id) == Case.adopted_submission_id)
            .where(
                visible(Case, viewer),
                Case.procedure_id == procedure_id,
                Case.status == CaseStatus.GRANTED,
                col(Submission.erased_at).is_(None),  # paid long ago, and no account is left to pay to
            )
            .order_by(col(Case.number))
        ).all()
        columns = pack.outbound.case_export
        if not columns:
            raise NotDeclared
        placings = granted_placings(session, [case.id for case, _ in rows])
        decided = [_cells(session, pack, case, person, placings.get(case.id)) for case, person in rows]
    made = export_cases(columns, decided)
    with write(runtime.engine) as session:
        append_event(
            session,
            "procedure",
            procedure_id,
            "cases_exported",
            actor=viewer.user_id,
            at=runtime.clock(),
            payload={"cases": len(decided), "changed_cells": len(made.changes)},
        )
    return made


def _cells(session: Session, pack: Procedure, case: Case, person: Person, placing: Placing | None) -> list[str]:
    """The texts of one row; what is not there is ""."""
    values = values_by_key(session, case.adopted_submission_id) if case.adopted_submission_id else {}
    entry = session.exec(
        select(Entry).where(Entry.case_id == case.id, Entry.submission_id == case.adopted_submission_id)
    ).first()
    index = entry.role_index if entry else 0
    return [_cell(session, pack, case, person, column, values, index, placing) for column in pack.outbound.case_export]


def _cell(
    session: Session,
    pack: Procedure,
    case: Case,
    person: Person,
    column: ExportColumn,
    values: Mapping[str, FieldValue],
    index: int,
    placing: Placing | None,
) -> str:
    match column.source:
        case "person":
            found = getattr(person, column.name)
            return "" if found is None else str(found)
        case "case":
            return pack.determination.granted.ja if column.name == "outcome" else str(getattr(case, column.name))
        case "ranking":
            return _placed(pack, placing, column)
        case "points":
            return str(points_of(session, case, None if column.name == "total" else column.name))
        case "field":
            spec = pack.field(column.name)
            place = index if spec.role == pack.matching.subject_role and pack.role(spec.role).max > 1 else 0
            row = values.get(field_key(column.name, place))
            text = (row.value or "") if row else ""
            labels = {choice.value: choice.label.ja for choice in spec.choices}
            return labels.get(text, "") if column.write == "label" else text


def _placed(pack: Procedure, placing: Placing | None, column: ExportColumn) -> str:
    """As superiors approved it, not as the order stands now; "" for what was granted before placings were kept."""
    if placing is None:
        return ""
    if column.name == "place" and column.write == "label":
        label = place_labels(pack).get(placing.place)
        return label.ja if label else placing.place
    return str(getattr(placing, column.name))
