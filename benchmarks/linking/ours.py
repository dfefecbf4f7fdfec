"""Our links between a register and applications, in memory: the same keys, comparison and decision as step MATCH."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmarks.linking.cases import Cases, is_paper
from benchmarks.linking.scores import Scored
from fixtures.matching.records import Record
from matchers.blocking import blocking_keys
from matchers.compare import compare
from matchers.decide import decide
from matchers.frequency import Frequencies, count_values, value_shares
from matchers.normalise import NormalisedPerson
from matchers.records import MatchDecision, Outcome
from matchers.records import Scored as Candidate
from matchers.weights import Weights, load_weights
from pipeline.steps.people import MAX_BLOCK

Keys = NDArray[np.uint64]


@dataclass
class Links:
    """What came of it. linked: automatic links; near: how often the true row was among those compared."""

    scored: list[Scored] = field(default_factory=list)
    linked: list[Scored] = field(default_factory=list)
    compared: list[int] = field(default_factory=list)
    near: int = 0
    capped: int = 0
    index_s: float = 0.0
    link_s: float = 0.0


class Index:
    """Places of a register by blocking key."""

    def __init__(self, people: Sequence[NormalisedPerson]) -> None:
        found = [(key, place) for place, person in enumerate(people) for key in _keys(person)]
        keys = np.array([key for key, _ in found], np.uint64)
        order = np.argsort(keys, kind="stable")
        self.keys, self.places = keys[order], np.array([place for _, place in found], np.int32)[order]

    def near(self, person: NormalisedPerson) -> tuple[list[int], int]:
        """The places that share a key, and how many keys were left out since too many people have them."""
        wanted = np.array(_keys(person), np.uint64)
        low, high = np.searchsorted(self.keys, wanted, "left"), np.searchsorted(self.keys, wanted, "right")
        small = high - low <= MAX_BLOCK
        blocks = [self.places[a:b] for a, b in zip(low[small], high[small], strict=True) if b > a]
        return (np.unique(np.concatenate(blocks)).tolist() if blocks else []), int((~small).sum())


def _keys(person: NormalisedPerson) -> list[int]:
    return [hash(key) & (2**64 - 1) for key in blocking_keys(person)]


def link(cases: Cases, *, ink: bool, weights: Weights | None = None) -> Links:
    """Every application against the register. ink: ask the ink of paper records for each candidate."""
    own, links = weights or load_weights(), Links()
    began = time.perf_counter()
    index, frequencies = Index(cases.register.people), count_names(cases.register.people)
    links.index_s = time.perf_counter() - began
    rows, truth = cases.register.records, dict(cases.truth)
    for record, person in zip(cases.applications.records, cases.applications.people, strict=True):
        near, capped = index.near(person)
        links.compared.append(len(near))
        links.capped += capped > 0
        links.near += any(rows[place].id == truth.get(record.id) for place in near)
        asked = ask_ink(record, [cases.register.people[place] for place in near]) if ink and is_paper(record) else None
        candidates = [
            Candidate(rows[place].id, compare(person, cases.register.people[place], own,
                                              asked[n] if asked else None, frequencies=frequencies))
            for n, place in enumerate(near)
        ]  # fmt: skip
        _keep(links, record.id, decide(candidates, weights=own))
    links.link_s = time.perf_counter() - began - links.index_s
    return links


def _keep(links: Links, id: str, decision: MatchDecision) -> None:
    if not decision.candidates:
        return
    one = Scored(id, decision.candidates[0].candidate_id, decision.scores[0])
    links.scored.append(one)
    if decision.outcome is Outcome.LINK:
        links.linked.append(one)


def count_names(people: Sequence[NormalisedPerson]) -> Frequencies:
    """How common names are in this register."""
    parts: dict[str, Callable[[NormalisedPerson], str]] = {
        "family": lambda one: one.name.family,
        "given": lambda one: one.name.given,
        "kana_family": lambda one: one.kana.family,
        "kana_given": lambda one: one.kana.given,
    }
    return {name: value_shares(count_values(get(one) for one in people)) for name, get in parts.items()}


def ask_ink(record: Record, people: Sequence[NormalisedPerson]) -> list[dict[str, float]]:
    """For each candidate the log2 likelihood of its name and of its reading in the record's ink."""
    answers: list[dict[str, float]] = [{} for _ in people]
    for key, values in (("name", [one.written.whole or one.name.whole for one in people]),
                        ("kana", [one.kana.whole for one in people])):  # fmt: skip
        if key in record.ink:
            for answer, value, ratio in zip(answers, values, record.ink[key].likelihoods(values), strict=True):
                if value:
                    answer[key] = ratio / math.log(2)
    return answers
