"""Intake of both channels: what was stored becomes submissions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_link_artifact, create_table_artifact

from flows.context import at_work, runtime, web_link
from flows.faults import without_values
from pipeline.runtime import Runtime
from pipeline.steps.advance import arrivals_of
from pipeline.steps.assemble import assemble_batch
from pipeline.steps.due import About, Piece
from pipeline.steps.intake_online import take_records
from pipeline.steps.intake_paper import take_pages
from pipeline.steps.totals import batch_totals
from pipeline.store.engine import read
from pipeline.store.tables import Batch


@task(name="ファイルを頁に分ける", retries=2, retry_delay_seconds=[1, 10])
@without_values
def take_file(batch_id: str, arrival_id: str) -> int:
    """Cuts one stored scan file of a batch into pages; says how many."""
    with _watched(About.BATCH, batch_id) as runtime:
        return take_pages(runtime, arrival_id)


@task(name="束を書類に組む", retries=2, retry_delay_seconds=[1, 10])
@without_values
def assemble(batch_id: str) -> int:
    """Makes documents and submissions of a batch's pages; says how many submissions."""
    with _watched(About.BATCH, batch_id) as runtime:
        return len(assemble_batch(runtime, batch_id))


@task(name="申請データを取り込む", retries=2, retry_delay_seconds=[1, 10])
@without_values
def take_export(arrival_id: str) -> dict[str, int]:
    """Takes the records of a stored export; counts of what they came to."""
    with _watched(About.EXPORT, arrival_id) as runtime:
        received = take_records(runtime, arrival_id)
    return {
        "新しい申請": len(received.taken),
        "取込済み": received.already,
        "内容の異なる再送": len(received.changed),
        "行の問題": len(received.problems),
        "ファイルの拒否": int(received.refusal is not None),
    }


@flow(name="紙受付", flow_run_name="紙受付 バッチ {batch_number}")
@without_values
def intake_paper(batch_id: str, batch_number: str) -> int:
    """Splits a scan batch into sheets, documents and submissions; says how many submissions."""
    for arrival_id in arrivals_of(runtime(), batch_id):
        take_file(batch_id, arrival_id)
    submissions = assemble(batch_id)
    with read(runtime().engine) as session:
        totals = batch_totals(session, session.get_one(Batch, batch_id))
    rows: list[dict[str, Any]] = [
        {"項目": "手で数えた枚数", "数": "-" if totals.counted is None else totals.counted},
        {"項目": "受け取った頁", "数": totals.received},
        {"項目": "書類に入った頁", "数": totals.in_documents},
        {"項目": "例外の頁", "数": sum(totals.exceptions.values())},
        {"項目": "開けなかったファイル", "数": totals.refused_files},
        {"項目": "申請", "数": submissions},
    ]
    create_table_artifact(key=f"batch-{batch_id}", table=rows, description=f"バッチ {batch_number} の枚数照合")
    create_link_artifact(
        key=f"batch-page-{batch_id}", link=web_link(f"/batches/{batch_id}"), link_text="バッチの画面を開く"
    )
    return submissions


@contextmanager
def _watched(about: About, row_id: str) -> Iterator[Runtime]:
    """The runtime, while what is done in a task must go on; between tasks it is Prefect that we wait for."""
    with at_work() as keeper, keeper.watching(Piece(about, row_id).subject):
        yield keeper.runtime


def take_piece(piece: Piece) -> int:
    """A claimed batch or export, in the flow of its channel; says how many submissions came of it."""
    if piece.about is About.EXPORT:
        return intake_online(piece.id)["新しい申請"]
    with read(runtime().engine) as session:
        number = session.get_one(Batch, piece.id).number
    return intake_paper(piece.id, number)


@flow(name="電子受付", flow_run_name="電子受付 {arrival_id}")
@without_values
def intake_online(arrival_id: str) -> dict[str, int]:
    """Takes a stored export of an e-application system; counts of what its records came to."""
    counts = take_export(arrival_id)
    create_table_artifact(
        key=f"export-{arrival_id}",
        table=[{"項目": name, "件数": count} for name, count in counts.items()],
        description="申請データの取り込み",
    )
    return counts
