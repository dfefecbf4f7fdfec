"""What happens once a night."""

from __future__ import annotations

from prefect import flow
from prefect.artifacts import create_table_artifact

from flows.context import runtime
from pipeline.steps.audit import audit
from pipeline.steps.erasure.run import erase
from pipeline.steps.packs import newest_packs
from pipeline.store.engine import read


class BreachesFound(Exception):
    """The audit found what must not be; the artifact of the run lists it by rule and id."""


@flow(name="夜間の点検と封印", retries=2, retry_delay_seconds=300)
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


@flow(name="夜間の消去", retries=2, retry_delay_seconds=300)
def erase_due() -> int:
    """Erases what every procedure has kept long enough; says how many applications that were."""
    with read(runtime().engine) as session:
        procedures = sorted({pack.id for pack in newest_packs(session)})
    reports = [erase(runtime(), procedure_id) for procedure_id in procedures]
    create_table_artifact(
        key="erased",
        table=[
            {"手続": one.procedure_id, "消去番号": one.number or "-", "申請": one.submissions, "待ち": one.waiting}
            for one in reports
        ],
        description="保存期間を過ぎた申請の消去",
    )
    return sum(one.submissions for one in reports)
