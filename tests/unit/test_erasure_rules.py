"""When retention ends, and that every column of what hangs on an application is either erased or kept on purpose."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import SQLModel

import pipeline.store.tables as tables
from pipeline.steps.erasure.cut import BLANKED, DELETED
from pipeline.steps.erasure.due import ended_before, expires_on
from pipeline.steps.erasure.people import BLANK
from pipeline.store.blob_names import BLOB_COLUMNS


@pytest.mark.parametrize(
    ("ended_on", "years", "first_day"),
    [
        (date(2026, 11, 22), 5, date(2032, 4, 1)),  # 令和8年度, kept to the end of 令和13年度
        (date(2027, 3, 31), 5, date(2032, 4, 1)),  # the last day of that fiscal year
        (date(2027, 4, 1), 5, date(2033, 4, 1)),  # the first day of the next
        (date(2028, 2, 29), 1, date(2029, 4, 1)),
        (date(2026, 4, 1), 30, date(2057, 4, 1)),
    ],
)
def test_retention_ends_with_a_fiscal_year(ended_on: date, years: int, first_day: date) -> None:
    assert expires_on(ended_on, years) == first_day


@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)), st.integers(1, 30), st.integers(-400, 400))
def test_both_ways_of_reckoning_agree(ended_on: date, years: int, days: int) -> None:
    today = expires_on(ended_on, years) + timedelta(days=days)
    assert (ended_on < ended_before(today, years)) == (expires_on(ended_on, years) <= today)


KEPT = {
    "submission": "id receipt_number procedure_id pack_version_id channel source department received_at received_on "
    "arrival_id batch_id answers_id status due attempts protected straight_through created_at settled_at ended_at "
    "erased_at version",
    "document": "id batch_id submission_id position kind form_id form_revision",
    "page": "id batch_id arrival_id page_index position media_type dpi fate problem_code document_id form_page "
    "rotation view_dpi registration_error_mm",
    "decision": "id task_id submission_id kind about made_by made_at",
    "review_reason": "id task_id code about",
    "deficiency": "id request_id position code about",
    "outbound": "id kind idempotency_key status submission_id client_id department procedure_id protected media_type "
    "attempts next_attempt_at problem_code created_at sent_at",
    "draft_case": "id draft_id case_id position case_version adopted_submission_id submission_version outcome "
    "amount_yen",
    "approval": "id draft_id step kind made_by on_behalf_of made_at",
    "person": "id protected source merged_into",
    "entry": "id submission_id role role_index status case_id ended_reason",
    "review_task": "id kind status submission_id batch_id arrival_id open_key department procedure_id protected due_on "
    "opened_at closed_at lease_owner lease_until version",
    "correction_request": "id submission_id due_on made_by made_at",
    "retention_hold": "id submission_id reason set_by set_at lifted_by lifted_at",
    "case_file": "id number procedure_id instance subject_id department status adopted_submission_id amount_yen "
    "protected opened_at version",
}
"""Columns that stay as they are: ids, codes, days and counts, and none that holds what somebody wrote."""


def hang_on_applications() -> set[str]:
    """Tables with a way to an application by foreign keys that erasure has to know."""
    names = {"submission", "page", "review_reason", "deficiency", "approval", "person"}
    for table in SQLModel.metadata.sorted_tables:
        if any(key.column.table.name == "submission" for key in table.foreign_keys):
            names.add(table.name)
    return names


def test_every_table_of_an_application_is_known() -> None:
    assert hang_on_applications() == {model.__tablename__ for model in DELETED} | set(KEPT)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", KEPT)
def test_every_column_is_erased_or_kept_on_purpose(name: str) -> None:
    blanked = {model.__tablename__: set(values) for model, values in BLANKED.items()} | {"person": set(BLANK)}  # type: ignore[attr-defined]
    columns = {column.name for column in SQLModel.metadata.tables[name].columns}
    assert columns == set(KEPT[name].split()) | blanked.get(name, set())


def test_every_column_that_may_name_a_blob_is_listed() -> None:
    """Removal asks this list whether a blob is still needed; a column that is missing there loses its bytes."""
    assert tables.Page is not None
    suspects = {
        (table.name, column.name)
        for table in SQLModel.metadata.sorted_tables
        for column in table.columns
        if column.name in {"blob", "view", "certificate", "picture", "file"} or column.name.endswith(("_blob", "_file"))
    }
    assert suspects == {(model.__tablename__, name) for model, name in BLOB_COLUMNS}
