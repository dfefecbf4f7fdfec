"""Points on the screen: every line with its reason and where the rule is published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from pipeline.procedures.pack import Label, Procedure
from pipeline.store.access import Viewer, visible
from pipeline.store.tables import Case, Entry, ScoreLine, Submission


@dataclass(frozen=True)
class LineView:
    """One rule. about: whose row it speaks of, None for the subject itself; counted: false where another counts."""

    code: str
    about: Label | None
    points: int
    counted: bool
    reason: Label
    source: str


@dataclass(frozen=True)
class TableView:
    """One published table and what it gave."""

    label: Label
    points: int
    lines: tuple[LineView, ...]


@dataclass(frozen=True)
class ScoreView:
    """The points of one entry. subject: 入会児童 2. version: of the rules that were applied."""

    subject: Label
    label: Label
    version: str
    total: int
    tables: tuple[TableView, ...]


def scores_of(session: Session, submission: Submission, pack: Procedure) -> tuple[ScoreView, ...]:
    """The stored points of every entry of a submission the viewer was found to see; () without rules of points."""
    rows = session.exec(
        select(ScoreLine)
        .where(ScoreLine.submission_id == submission.id)
        .order_by(col(ScoreLine.role_index), col(ScoreLine.position))
    ).all()
    indices = dict.fromkeys(row.role_index for row in rows)
    return tuple(_view(pack, index, [row for row in rows if row.role_index == index]) for index in indices)


def score_of_case(session: Session, viewer: Viewer, case: Case, pack: Procedure) -> ScoreView | None:
    """The points of the case's adopted submission; None without one that may be seen, or without rules."""
    found = session.exec(
        select(Submission, Entry)
        .join(Entry, col(Entry.submission_id) == Submission.id)
        .where(Submission.id == case.adopted_submission_id, Entry.case_id == case.id, visible(Submission, viewer))
    ).first()
    if found is None:
        return None
    submission, entry = found
    rows = session.exec(
        select(ScoreLine)
        .where(ScoreLine.submission_id == submission.id, ScoreLine.role_index == entry.role_index)
        .order_by(col(ScoreLine.position))
    ).all()
    return _view(pack, entry.role_index, rows) if rows else None


def place_label(pack: Procedure, role_name: str, index: int) -> Label:
    """How a role's nth is called on screens (保護者2)."""
    label = pack.role(role_name).label
    return Label(ja=f"{label.ja}{index}", en=f"{label.en} {index}") if index else label


def _view(pack: Procedure, index: int, rows: Sequence[ScoreLine]) -> ScoreView:
    tables = {table.code: table.label for table in (pack.scores.tables if pack.scores else ())}
    used = dict.fromkeys(row.code.partition(".")[0] for row in rows)
    return ScoreView(
        subject=place_label(pack, pack.matching.subject_role, index),
        label=pack.scores.label if pack.scores else Label(ja="指数", en="Points"),
        version=pack.version,
        total=sum(row.points for row in rows if row.counted),
        tables=tuple(
            _table(pack, tables.get(code, Label(ja=code, en=code)), [r for r in rows if r.code.startswith(f"{code}.")])
            for code in used
        ),
    )


def _table(pack: Procedure, label: Label, rows: Sequence[ScoreLine]) -> TableView:
    return TableView(label, sum(row.points for row in rows if row.counted), tuple(_line(pack, row) for row in rows))


def _line(pack: Procedure, row: ScoreLine) -> LineView:
    role, _, place = row.about.partition(".")
    return LineView(
        code=row.code,
        about=place_label(pack, role, int(place)) if place else None,
        points=row.points,
        counted=row.counted,
        reason=Label(ja=row.reason_ja, en=row.reason_en),
        source=row.source,
    )
