"""Applications of the small sample on a clerk's desk."""

from __future__ import annotations

from pipeline.runtime import Runtime
from pipeline.steps.advance import advance
from pipeline.store.tables import FieldValue
from tests.runtime import by_source_number, receive_export, rows_of, small_export, task_of

NO_CONSENT, NO_PHONE, UNKNOWN = "C26-004056", "C26-004063", "2026110000006"


def at(runtime: Runtime, number: str) -> tuple[str, str, int]:
    """Id of the submission that was sent under this number, its task and the task's version."""
    one = by_source_number(runtime, number)
    task = task_of(runtime, one.id)
    return one.id, task.id, task.version


def again(runtime: Runtime, number: str = "2026110000001", sent_as: str = "2026110000901") -> str:
    """The same application once more, advanced; gives its id."""
    data, files = small_export("portal_utf8/portal_20261106.csv")
    lines = data.decode("utf-8-sig").splitlines()
    row = next(line for line in lines if line.startswith(number)).replace(f"{number},", f"{sent_as},", 1)
    (one,) = receive_export(runtime, "portal", f"{lines[0]}\n{row}\n".encode(), files).taken
    advance(runtime, one)
    return one


def value(runtime: Runtime, submission_id: str, key: str) -> FieldValue:
    (row,) = rows_of(runtime, FieldValue, submission_id=submission_id, key=key)
    found: FieldValue = row
    return found
