"""Who is meant? One question for each role: whom it may be, how they compare, and what follows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlmodel import Session

from matchers.compare import compare
from matchers.decide import decide
from matchers.frequency import Frequencies
from matchers.normalise import NormalisedPerson, normalise
from matchers.records import MatchDecision, Outcome, PersonRecord, Scored
from matchers.weights import Weights
from pipeline.steps.frequencies import find_frequencies
from pipeline.steps.merged import records_of, survivors
from pipeline.steps.people import by_reference, find_near
from pipeline.store.tables import Person

SETTLED_BITS = 6.0
"""A score so far from the threshold of a link, or of nobody, is not asked about again: no ink would turn it."""
ASKED = 10
"""Of how many candidates the ink is asked, the likeliest."""

_NOBODY = PersonRecord()
_OF_ONE_PERSON = ("name", "kana", "birth_date", "resident_number", "reference_number")
"""What tells one person of a household from another: without any of it, nobody is looked for."""


@dataclass(frozen=True)
class Question:
    """What a decision on one role needs, apart from the store. people: id and record; a person who was registered
    several times comes several times."""

    wanted: NormalisedPerson
    people: tuple[tuple[str, NormalisedPerson], ...]
    weights: Weights
    frequencies: Frequencies | None = None

    def answer(self, ink: Mapping[str, Mapping[str, float]] | None = None) -> MatchDecision:
        """The decision. ink: person -> picture -> log2 ratio, of those who were asked about."""
        said = ink or {}
        best: dict[str, Scored] = {}
        for id, person in self.people:
            one = compare(self.wanted, person, self.weights, said.get(id), frequencies=self.frequencies)
            if id not in best or one.total > best[id].comparison.total:
                best[id] = Scored(id, one)
        return decide(list(best.values()), weights=self.weights)

    def unsettled(self, decision: MatchDecision) -> tuple[str, ...]:
        """The persons of whom the ink should be asked, best first; () where it could not change the outcome."""
        if not decision.candidates:
            return ()
        bounds, score = self.weights.thresholds, decision.scores[0]
        sure = {
            Outcome.LINK: score >= bounds.link_score + SETTLED_BITS,
            Outcome.NEW: score < bounds.review_score - SETTLED_BITS,
        }
        if sure.get(decision.outcome, False):
            return ()
        return tuple(one.candidate_id for one in decision.candidates[:ASKED])

    def forms(self, person_id: str) -> list[NormalisedPerson]:
        """All records of a person."""
        return [person for id, person in self.people if id == person_id]


def ask_who(
    session: Session, record: PersonRecord, weights: Weights, secret: bytes, refused: Collection[str] = ()
) -> Question:
    """The question who this is, with everybody it may be but those a clerk has refused.

    A row of which only the household's address was given asks for nobody.
    """
    if all(getattr(record, name) is None for name in _OF_ONE_PERSON):
        return Question(normalise(_NOBODY), (), weights)
    wanted = normalise(record)
    near = {person.id: person for person in find_near(session, wanted, secret)}
    if record.reference_number:
        near |= {person.id: person for person in _numbered(session, record.reference_number)}
    kept = [person for id, person in near.items() if id not in refused]
    people = tuple((id, normalise(one)) for id, one in records_of(session, kept))
    return Question(wanted, people, weights, find_frequencies(session, secret, wanted))


def _numbered(session: Session, reference_number: str) -> list[Person]:
    """Whom a printed number was given to, under the name they live by now."""
    found = by_reference(session, reference_number)
    if all(person.merged_into is None for person in found):
        return found
    lives = survivors(session)
    return [session.get_one(Person, lives.get(person.id, person.id)) for person in found]
