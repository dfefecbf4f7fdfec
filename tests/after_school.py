"""A store with the after-school procedure and families whose answers a test chooses."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from pipeline.domain.statuses import Channel, EntryStatus, LinkStatus, Origin, SubmissionStatus
from pipeline.procedures.pack import Procedure
from pipeline.steps.packs import install_pack
from pipeline.store.engine import write
from pipeline.store.tables import Case, Entry, FieldValue, Link, Person, Submission
from tests.factories import DEPARTMENT, NOW, Store
from tests.packs import loaded_pack

FOLDER = Path(__file__).parents[1] / "fixtures" / "procedures" / "after_school"

VALUES = {
    "applicant_name": "髙橋 美咲",
    "applicant_kana": "タカハシ ミサキ",
    "applicant_birth_date": "1988-11-03",
    "postal_code": "3760101",
    "address": "群馬県みどり市大間々町大間々100番地",
    "phone": "09012345678",
    "child_name.1": "髙橋 陽菜",
    "child_kana.1": "タカハシ ヒナ",
    "child_birth_date.1": "2020-06-09",
    "grade.1": "1",
    "wish_1.1": "north",
    "guardian_name.1": "髙橋 美咲",
    "guardian_relation.1": "mother",
    "situation.1": "work",
    "work_days.1": "5",
    "work_start.1": "08:30",
    "work_end.1": "17:30",
    "commute_minutes.1": "20",
    "consent": "true",
}
"""One child in grade 1, one guardian at work five days of nine hours, home at 17:50: 20 + 2 + 6 points."""


def install_after_school(store: Store) -> tuple[str, Procedure]:
    """Id of the installed version, and the pack."""
    loaded = loaded_pack(FOLDER)
    return install_pack(store.runtime, loaded), loaded.procedure


def make_family(store: Store, version: str, name: str, *, protected: bool = False, **changes: str) -> str:
    """The id of a case of one child whose adopted application says VALUES with `changes` (`.` as `__`)."""
    values = {**VALUES, **{key.replace("__", "."): value for key, value in changes.items()}}
    number = next(store.numbers)
    person = Person(name=name, kana="", birth_date=date(2020, 6, 9), protected=protected)
    submission = Submission(
        receipt_number=f"R8-{number:06d}",
        procedure_id="after_school",
        pack_version_id=version,
        channel=Channel.ONLINE,
        source="portal",
        department=DEPARTMENT,
        received_at=NOW,
        received_on=NOW.date(),
        status=SubmissionStatus.READ,
        protected=protected,
    )
    case = Case(
        number=f"K8-{number:06d}",
        procedure_id="after_school",
        instance="2027",
        subject_id=person.id,
        department=DEPARTMENT,
        protected=protected,
    )
    with write(store.runtime.engine) as session:
        session.add_all([person, submission])
        session.flush()
        session.add_all(
            FieldValue(
                submission_id=submission.id, key=key, raw=value, value=value, origin=Origin.APPLICANT, accepted=True
            )
            for key, value in values.items()
            if value
        )
        session.add(
            Link(
                submission_id=submission.id,
                role="child",
                role_index=1,
                person_id=person.id,
                status=LinkStatus.CONFIRMED,
            )
        )
        case.adopted_submission_id = submission.id
        session.add(case)
        session.flush()
        session.add(
            Entry(submission_id=submission.id, role="child", role_index=1, status=EntryStatus.IN_CASE, case_id=case.id)
        )
    return case.id
