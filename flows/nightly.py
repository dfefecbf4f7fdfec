"""What happens once a night."""

from __future__ import annotations

from datetime import timedelta

from prefect import flow
from prefect.artifacts import create_table_artifact

from flows.context import runtime
from flows.faults import RunFailed, without_values
from pipeline.steps.audit import audit
from pipeline.steps.erasure.run import begun, erase, look
from pipeline.steps.packs import newest_packs
from pipeline.store.engine import read

ABANDONED_AFTER = timedelta(days=1)


class BreachesFound(RunFailed):
    """The audit found what must not be; the artifact of the run lists it by rule and id."""


@flow(name="夜間の点検と封印", retries=2, retry_delay_seconds=300)
@without_values
def audit_and_seal() -> int:
    """Asks every invariant and seals the history; says how many rows were looked at. Raises BreachesFound."""
    report = audit(runtime(), seal=True)
    create_table_artifact(
        key="audit",
        table=[{"規則": rule, "件数": count} for rule, count in report.checked.items()],
        description="点検した件数",
    )
    if report.breaches:
        create_table_artifact(
            key="breaches",
            table=[{"規則": breach.rule, "場所": breach.where} for breach in report.breaches],
            description="点検で見つかった問題",
        )
        raise BreachesFound(f"{len(report.breaches)} breaches")
    return sum(report.checked.values())


@flow(name="夜間の片付け", retries=2, retry_delay_seconds=300)
@without_values
def tidy_up() -> int:
    """Ends erasures that somebody began, and removes what crashed processes left half written; says how many
    applications were erased.

    What has been kept long enough is only counted: to begin an erasure is a person's decision (docs/decisions/0024).
    """
    runtime().blobs.drop_abandoned(ABANDONED_AFTER)
    unfinished = begun(runtime())
    reports = [erase(runtime(), procedure_id) for procedure_id in unfinished]
    with read(runtime().engine) as session:
        others = sorted({pack.id for pack in newest_packs(session)} - set(unfinished))
    rows = [{"手続": one.procedure_id, "消去した申請": one.submissions, "消去待ちの申請": 0} for one in reports]
    for procedure_id in others:
        waiting = sum(len(file.submission_ids) for file in look(runtime(), procedure_id).files)
        rows.append({"手続": procedure_id, "消去した申請": 0, "消去待ちの申請": waiting})
    create_table_artifact(key="tidied", table=rows, description="保存期間と消去")
    return sum(one.submissions for one in reports)
