"""照合の重み on the screen: versions, what new ones would change, and who put which in force. Numbers only: nothing of
any application or person."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlmodel import col, select

from matchers.explain import level_words
from pipeline.domain.errors import NotAllowed
from pipeline.domain.statuses import StaffRole, Verdict
from pipeline.procedures.pack import Label
from pipeline.runtime import Runtime
from pipeline.steps.retraining import FEWEST, Versions, compare_versions, judgements_kept, retrain
from pipeline.steps.weights import UnknownWeights, WeightsRow, adopt, back, list_weights
from pipeline.store.access import Viewer
from pipeline.store.engine import read
from pipeline.store.tables import User

KEEPERS = (StaffRole.OPERATOR, StaffRole.ADMINISTRATOR)


@dataclass(frozen=True)
class WeightsPage:
    """All versions, the newest first, with names of staff for their ids. kept: decisions to learn from, of which
    `fewest` are needed."""

    rows: tuple[WeightsRow, ...]
    kept: dict[Verdict, int]
    fewest: int

    @property
    def total(self) -> int:
        """All decisions to learn from."""
        return sum(self.kept.values())

    @property
    def reversible(self) -> bool:
        """True when another version than the shipped one was ever put in force."""
        return any(row.adopted_at for row in self.rows)


@dataclass(frozen=True)
class LevelView:
    """A level whose weight changes, log2."""

    said: Label
    old: float
    new: float


@dataclass(frozen=True)
class ComparedWeights:
    """A version beside the one in force."""

    row: WeightsRow
    in_force: WeightsRow
    versions: Versions
    levels: tuple[LevelView, ...]

    @property
    def other(self) -> int:
        """Decisions that come out otherwise without a link being won, lost or moved."""
        found = self.versions
        return len(found.changed) - found.new_links - found.lost_links - found.other_links


def get_weights_page(runtime: Runtime, viewer: Viewer) -> WeightsPage:
    """The versions. Raises NotAllowed for others than operators and administrators."""
    _require(viewer)
    return WeightsPage(_rows(runtime)[::-1], judgements_kept(runtime), FEWEST)


def compare_with_present(runtime: Runtime, viewer: Viewer, version: str) -> ComparedWeights:
    """What would change if this version were put in force. Raises NotAllowed or UnknownWeights."""
    _require(viewer)
    rows = _rows(runtime)
    row = next((one for one in rows if one.version == version), None)
    present = next(one for one in rows if one.in_force)
    if row is None:
        raise UnknownWeights
    found = compare_versions(runtime, present.version, version)
    levels = tuple(LevelView(_said(one.field, one.level), one.old, one.new) for one in found.judged.levels)
    return ComparedWeights(row, present, found, levels)


def learn_anew(runtime: Runtime, viewer: Viewer) -> WeightsRow:
    """A new version from the decisions of staff, not in force. Raises NotAllowed or TooFewJudgements."""
    _require(viewer)
    return retrain(runtime, viewer.user_id)


def put_in_force(runtime: Runtime, viewer: Viewer, version: str) -> None:
    """From now on matching weighs by this version. Raises NotAllowed or UnknownWeights."""
    _require(viewer)
    adopt(runtime, version, viewer.user_id)


def put_back(runtime: Runtime, viewer: Viewer) -> None:
    """The version before the present one again. Raises NotAllowed or UnknownWeights."""
    _require(viewer)
    back(runtime, viewer.user_id)


def _require(viewer: Viewer) -> None:
    if not any(viewer.has(role) for role in KEEPERS):
        raise NotAllowed


def _rows(runtime: Runtime) -> tuple[WeightsRow, ...]:
    rows = list_weights(runtime)
    makers = {one for row in rows for one in (row.made_by, row.adopted_by)}
    with read(runtime.engine) as session:
        names = dict(session.exec(select(User.id, User.display_name).where(col(User.id).in_(makers))).all())
    return tuple(
        replace(
            row,
            made_by=names.get(row.made_by, row.made_by),
            adopted_by=names.get(row.adopted_by, row.adopted_by),
        )
        for row in rows
    )


def _said(field: str, level: str) -> Label:
    try:
        words = level_words(field, level)
    except KeyError:
        return Label(ja=f"{field} {level}", en=f"{field} {level}")
    return Label(ja=words.ja, en=words.en)
