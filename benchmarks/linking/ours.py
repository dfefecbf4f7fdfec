"""Our links between a register and applications, in memory: the same keys, comparison and decision as step MATCH."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b

import numpy as np

from benchmarks.linking.cases import Cases, Side, is_paper
from benchmarks.linking.scores import Scored
from fixtures.matching.records import Record
from matchers.blocking import blocking_keys
from matchers.candidates import CAP, Near, choose_candidates
from matchers.compare import compare
from matchers.decide import decide
from matchers.explain import explain
from matchers.frequency import Frequencies, count_values, value_shares
from matchers.ink import forms_of, likeliest
from matchers.normalise import NormalisedPerson
from matchers.records import MatchDecision, Outcome
from matchers.records import Scored as Candidate
from matchers.weights import Weights, load_weights


@dataclass
class Links:
    """What came of it. linked: automatic links; explained: how many of them could say why; wrong: of applications whose
    best candidate is not their person, the decision; near: how often the true row was among those compared."""

    scored: list[Scored] = field(default_factory=list)
    linked: list[Scored] = field(default_factory=list)
    explained: int = 0
    wrong: dict[str, MatchDecision] = field(default_factory=dict)
    compared: list[int] = field(default_factory=list)
    near: int = 0
    capped: int = 0
    index_s: float = 0.0
    link_s: float = 0.0


class Index:
    """Rows of a register by blocking key."""

    def __init__(self, side: Side) -> None:
        found = [(_hash(key), place) for place, person in enumerate(side.people) for key in blocking_keys(person)]
        keys = np.array([key for key, _ in found], np.uint64)
        order = np.argsort(keys, kind="stable")
        self.keys, self.places = keys[order], np.array([place for _, place in found], np.int32)[order]
        self.ids = [row.id for row in side.records]

    def near(self, person: NormalisedPerson) -> Near:
        """Whom to compare, chosen as step MATCH chooses."""
        wanted = sorted(blocking_keys(person))
        hashes = np.array([_hash(key) for key in wanted], np.uint64)
        low = np.searchsorted(self.keys, hashes, "left")
        high = np.minimum(np.searchsorted(self.keys, hashes, "right"), low + CAP + 1)
        blocks = {
            key: [self.ids[place] for place in self.places[a:b]]
            for key, a, b in zip(wanted, low, high, strict=True)
            if b > a
        }
        return choose_candidates(blocks)


def _hash(key: str) -> int:
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big")


def link(cases: Cases, *, ink: bool, weights: Weights | None = None) -> Links:
    """Every application against the register. ink: ask the ink of paper records for each candidate."""
    own, links = weights or load_weights(), Links()
    began = time.perf_counter()
    index, frequencies = Index(cases.register), count_names(cases.register.people)
    people = dict(zip(index.ids, cases.register.people, strict=True))
    links.index_s = time.perf_counter() - began
    truth = dict(cases.truth)
    for record, person in zip(cases.applications.records, cases.applications.people, strict=True):
        near = index.near(person)
        links.compared.append(len(near.ids))
        links.capped += bool(near.capped)
        links.near += truth.get(record.id) in near.ids
        rows = [people[id] for id in near.ids]
        asked = ask_ink(record, rows) if ink and is_paper(record) else [None] * len(rows)
        candidates = [
            Candidate(id, compare(person, row, own, said, frequencies=frequencies))
            for id, row, said in zip(near.ids, rows, asked, strict=True)
        ]
        _keep(links, record.id, decide(candidates, weights=own), truth.get(record.id))
    links.link_s = time.perf_counter() - began - links.index_s
    return links


def _keep(links: Links, id: str, decision: MatchDecision, truth: str | None) -> None:
    if not decision.candidates:
        return
    best = decision.candidates[0]
    one = Scored(id, best.candidate_id, decision.scores[0])
    links.scored.append(one)
    if decision.outcome is Outcome.LINK:
        links.linked.append(one)
        links.explained += all(sentence for _, sentence, _ in explain(best.comparison))
    if best.candidate_id != truth:
        links.wrong[id] = replace(decision, candidates=decision.candidates[:3])


def count_names(people: Sequence[NormalisedPerson]) -> Frequencies:
    """How common names are in this register."""
    parts: dict[str, Callable[[NormalisedPerson], str]] = {
        "family": lambda one: one.name.family,
        "given": lambda one: one.name.given,
        "kana_family": lambda one: one.kana.family,
        "kana_given": lambda one: one.kana.given,
    }
    return {name: value_shares(count_values(get(one) for one in people)) for name, get in parts.items()}


def ask_ink(record: Record, people: Sequence[NormalisedPerson]) -> list[dict[str, float] | None]:
    """For each candidate the log2 likelihood of its name and of its reading in the record's ink, as step MATCH asks."""
    answers: list[dict[str, float]] = [{} for _ in people]
    for picture, ink in record.ink.items():
        forms = [forms_of(one, picture) for one in people]
        scores = iter(ink.likelihoods([form for own in forms for form in own]))
        for answer, own in zip(answers, forms, strict=True):
            if own:
                answer[picture] = likeliest([next(scores) for _ in own])
    return list(answers)
