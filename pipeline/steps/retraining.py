"""New weights learned from what clerks decided, and what they would change before anybody puts them in force."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby

from sqlmodel import Session, col, select

from matchers.compare import weigh_again
from matchers.decide import decide
from matchers.learning import learn_weights
from matchers.records import Comparison, MatchDecision, Outcome, Scored
from matchers.weights import Weights
from matchers.weights_report import WeightsReport, compare_weights
from pipeline.domain.errors import DomainError
from pipeline.domain.statuses import Verdict, WeightsOrigin
from pipeline.runtime import Runtime
from pipeline.steps.judgements import Judged, comparison_of, count_judgements, judgements
from pipeline.steps.weights import WeightsRow, get_weights, keep_weights, weights_in_force
from pipeline.store.engine import read
from pipeline.store.tables import Candidate, Submission

FEWEST = 200
"""Judgements below which nothing is learned: of some hundred levels most would have been seen once or never."""
RECENT = 2000
"""Applications that are decided again when versions are compared, the latest."""


class TooFewJudgements(DomainError):
    """There is not enough to learn from."""

    code = "too_few_judgements"
    ja = f"学習に使える職員の判断が{FEWEST}件に足りません。確認作業が進んでから、もう一度実行してください。"
    en = f"Fewer than {FEWEST} decisions of staff can be learned from. Try again when more was reviewed."


@dataclass(frozen=True)
class Changed:
    """A role of an application that would be decided otherwise. link_before, link_after: the persons, if any."""

    submission_id: str
    role: str
    role_index: int
    before: Outcome
    after: Outcome
    link_before: str | None
    link_after: str | None


@dataclass(frozen=True)
class Versions:
    """Old weights beside new ones, before the new ones take effect.

    judged: on judgements that neither was fitted on. decided: how many roles of recent applications were decided
    again; changed: those that come out otherwise.
    """

    judged: WeightsReport
    judgements: int
    decided: int
    changed: tuple[Changed, ...]

    @property
    def new_links(self) -> int:
        """How many more would be linked without a person."""
        return sum(one.after is Outcome.LINK and one.before is not Outcome.LINK for one in self.changed)

    @property
    def lost_links(self) -> int:
        """How many that are linked by themselves would be for a person to see, or for nobody."""
        return sum(one.before is Outcome.LINK and one.after is not Outcome.LINK for one in self.changed)

    @property
    def other_links(self) -> int:
        """How many would be linked to somebody else."""
        both = [one for one in self.changed if one.before is one.after is Outcome.LINK]
        return sum(one.link_before != one.link_after for one in both)


def judgements_kept(runtime: Runtime) -> dict[Verdict, int]:
    """How many judgements there are to learn from, by verdict; `retrain` wants FEWEST in all."""
    with read(runtime.engine) as session:
        return count_judgements(session)


def retrain(runtime: Runtime, by: str) -> WeightsRow:
    """New weights from what clerks decided, held to those in force; they are kept and not put in force.

    Raises TooFewJudgements.
    """
    with read(runtime.engine) as session:
        old, kept = weights_in_force(session), judgements(session, runtime.secrets)
    if len(kept) < FEWEST:
        raise TooFewJudgements
    fitted_on, judged_on = split_judged(kept)
    origin = {"fitted_on": len(fitted_on), "thresholds_on": len(judged_on)}
    new = learn_weights([one.labelled for one in fitted_on], [one.labelled for one in judged_on], old, "new", origin)
    measured = _figures(compare_weights(old, new, [one.labelled for one in judged_on]))
    return keep_weights(runtime, new, WeightsOrigin.RETRAINED, len(kept), measured, by)


def split_judged(kept: Sequence[Judged]) -> tuple[list[Judged], list[Judged]]:
    """Those that weights are fitted on, and those that thresholds are set on and that show what changed."""
    return [one for one in kept if one.fitting], [one for one in kept if not one.fitting]


def _figures(report: WeightsReport) -> dict[str, object]:
    """What the judgements that were not fitted on say of both versions: counts, and no value of anybody."""
    names = ("links", "wrong_links", "reviews", "news", "missed")
    both = {"old": asdict(report.old), "new": asdict(report.new)}
    return {
        "compared_with": report.old_version,
        **{side: {name: figures[name] for name in names} for side, figures in both.items()},
    }


def compare_versions(runtime: Runtime, old: str, new: str) -> Versions:
    """What would change with `new` instead of `old`: on judgements, and on who was compared last.

    Judgements are those of the applications that no version was fitted on. Raises UnknownWeights.
    """
    with read(runtime.engine) as session:
        before, after = get_weights(session, old), get_weights(session, new)
        _, judged = split_judged(judgements(session, runtime.secrets))
        report = compare_weights(before, after, [one.labelled for one in judged])
        roles = list(_recent(session))
    decided = [(place, _decide(met, before), _decide(met, after)) for place, met in roles]
    changed = tuple(
        Changed(*place, one.outcome, other.outcome, one.best, other.best)
        for place, one, other in decided
        if (one.outcome, one.best) != (other.outcome, other.best)
    )
    return Versions(report, len(judged), len(decided), changed)


def _recent(session: Session) -> Iterator[tuple[tuple[str, str, int], list[tuple[str, Comparison]]]]:
    """The latest roles with the candidates that are kept of them."""
    latest = (
        select(Submission.id)
        .where(col(Submission.id).in_(select(Candidate.submission_id)))
        .order_by(col(Submission.created_at).desc())
        .limit(RECENT)
    )
    rows = session.exec(
        select(Candidate)
        .where(col(Candidate.submission_id).in_(latest))
        .order_by(col(Candidate.submission_id), col(Candidate.role), col(Candidate.role_index), col(Candidate.rank))
    )
    for place, met in groupby(rows, key=lambda one: (one.submission_id, one.role, one.role_index)):
        yield place, [(one.person_id, comparison_of(one.evidence)) for one in met]


def _decide(met: Sequence[tuple[str, Comparison]], weights: Weights) -> MatchDecision:
    return decide([Scored(id, weigh_again(comparison, weights)) for id, comparison in met], weights=weights)
