"""Decided cases out, as the CSV that the core system takes."""

from __future__ import annotations

from sqlmodel import Session, col, select

from pipeline.domain.errors import NotAllowed
from pipeline.domain.statuses import CaseStatus, StaffRole
from pipeline.outbound.csv_export import CsvExport, DecidedCase, export_cases
from pipeline.procedures.pack import Procedure
from pipeline.runtime import Runtime
from pipeline.steps.packs import latest_pack
from pipeline.steps.roles import values_by_key
from pipeline.store.access import Viewer, visible
from pipeline.store.engine import read, write
from pipeline.store.events import append_event
from pipeline.store.tables import Case, Person


def export_decided(runtime: Runtime, viewer: Viewer, procedure_id: str) -> CsvExport:
    """Every granted case the viewer may see, one row each, with the account of its adopted submission.

    Raises NotAllowed for anybody but reviewers of this procedure. That an export was made is in the history.
    """
    viewer = viewer.only(StaffRole.REVIEWER)
    if not any(viewer.may(StaffRole.REVIEWER, grant.department, procedure_id) for grant in viewer.grants):
        raise NotAllowed
    with read(runtime.engine) as session:
        _, pack = latest_pack(session, procedure_id)
        rows = session.exec(
            select(Case, Person)
            .join(Person, col(Person.id) == Case.subject_id)
            .where(visible(Case, viewer), Case.procedure_id == procedure_id, Case.status == CaseStatus.GRANTED)
            .order_by(col(Case.number))
        ).all()
        decided = [_decided(session, pack, case, person) for case, person in rows]
    made = export_cases(decided)
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


def _decided(session: Session, pack: Procedure, case: Case, person: Person) -> DecidedCase:
    values = values_by_key(session, case.adopted_submission_id) if case.adopted_submission_id else {}

    def text(key: str) -> str:
        row = values.get(key)
        return (row.value or "") if row else ""

    labels = {choice.value: choice.label.ja for choice in pack.field("account_type").choices}
    return DecidedCase(
        resident_number=person.resident_number or "",
        household_number=person.household_number or "",
        name=person.name,
        amount_yen=case.amount_yen,
        bank_code=text("bank_code"),
        branch_code=text("branch_code"),
        account_type=labels.get(text("account_type"), ""),
        account_number=text("account_number"),
        account_holder_kana=text("account_holder_kana"),
    )
