"""A pack with other points or places, to see what a changed rule would do."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.procedures.pack import Procedure
from pipeline.procedures.pack.scores import ScoreTable


def changed_rules(procedure: Procedure, points: Mapping[str, int], capacities: Mapping[str, int]) -> Procedure:
    """The pack with these points (by table and rule, `base.1-2`) and capacities (by facility) instead of its own.

    Raises KeyError for a rule or a facility that the pack does not have.
    """
    scores = procedure.scores
    if scores is None:
        raise KeyError(procedure.id)
    known = {f"{table.code}.{rule.code}" for table in scores.tables for rule in table.rules}
    places = scores.ranking.places if scores.ranking else ()
    if unknown := (set(points) - known) | (set(capacities) - {place.value for place in places}):
        raise KeyError(sorted(unknown)[0])
    ranking = scores.ranking
    if ranking is not None:
        new = tuple(p.model_copy(update={"capacity": capacities.get(p.value, p.capacity)}) for p in places)
        ranking = ranking.model_copy(update={"places": new})
    tables = tuple(_changed(table, points) for table in scores.tables)
    return procedure.model_copy(update={"scores": scores.model_copy(update={"tables": tables, "ranking": ranking})})


def _changed(table: ScoreTable, points: Mapping[str, int]) -> ScoreTable:
    rules = tuple(
        rule.model_copy(update={"points": points.get(f"{table.code}.{rule.code}", rule.points)}) for rule in table.rules
    )
    return table.model_copy(update={"rules": rules})
