"""Deterministic acceptors: which strings a field may hold, as a small automaton over characters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import inf


@dataclass(frozen=True, eq=False)
class Acceptor:
    """States 0 (the start) to len(finals) - 1.

    arcs: (state, character, next state, weight), sorted by state, no two of one state with the same character.
    finals: what it weighs to end in each state, -inf where a string may not end.
    Weights are natural logarithms: how much likelier than a string of weight 0 a writer is to write it.
    """

    arcs: tuple[tuple[int, str, int, float], ...]
    finals: tuple[float, ...]

    @cached_property
    def _steps(self) -> dict[tuple[int, str], tuple[int, float]]:
        return {(source, char): (target, weight) for source, char, target, weight in self.arcs}

    def weight(self, text: str) -> float:
        """The weight of a string, -inf for one that is not accepted."""
        state, total = 0, 0.0
        for char in text:
            step = self._steps.get((state, char))
            if step is None:
                return -inf
            state, total = step[0], total + step[1]
        return total + self.finals[state]

    def after(self, text: str, state: int = 0) -> int | None:
        """The state that a text leads to from another, None where none begins so."""
        for char in text:
            step = self._steps.get((state, char))
            if step is None:
                return None
            state = step[0]
        return state


Node = int
Weighed = tuple[Node, float]


class Builder:
    """Builds acyclic acceptors from their ends to their start. Nodes that accept the same are one node."""

    def __init__(self) -> None:
        self._nodes: list[tuple[float, tuple[tuple[str, Node, float], ...]]] = []
        self._known: dict[tuple[float, tuple[tuple[str, Node, float], ...]], Node] = {}
        self.end = self._node({}, 0.0)

    def _node(self, arcs: Mapping[str, Weighed], final: float = -inf) -> Node:
        key = (final, tuple(sorted((char, node, weight) for char, (node, weight) in arcs.items())))
        if key not in self._known:
            self._known[key] = len(self._nodes)
            self._nodes.append(key)
        return self._known[key]

    def branch(self, arcs: Mapping[str, Node]) -> Node:
        """One of these characters, and then what each leads to."""
        return self._node({char: (node, 0.0) for char, node in arcs.items()})

    def any_of(self, chars: Iterable[str], then: Node, weight: float = 0.0) -> Node:
        """Any one of the characters, at this weight."""
        return self._node(dict.fromkeys(chars, (then, weight)))

    def text(self, text: str, then: Node) -> Node:
        """Exactly this text."""
        for char in reversed(text):
            then = self.branch({char: then})
        return then

    def words(self, endings: Mapping[str, Node]) -> Node:
        """One of these texts, and then what each leads to."""
        groups: dict[str, dict[str, Node]] = {}
        for text, then in endings.items():
            if text:
                groups.setdefault(text[0], {})[text[1:]] = then
        node = self.branch({char: self.words(group) for char, group in groups.items()})
        return self.union(node, endings[""]) if "" in endings else node

    def union(self, *nodes: Node) -> Node:
        """What any of the nodes accepts. ValueError where two of them weigh the same text differently."""
        distinct = list(dict.fromkeys(nodes))
        if len(distinct) == 1:
            return distinct[0]
        finals = {self._nodes[node][0] for node in distinct} - {-inf}
        targets: dict[str, list[Node]] = {}
        weights: dict[str, set[float]] = {}
        for node in distinct:
            for char, target, weight in self._nodes[node][1]:
                targets.setdefault(char, []).append(target)
                weights.setdefault(char, set()).add(weight)
        if len(finals) > 1 or any(len(found) > 1 for found in weights.values()):
            raise ValueError("two ways of accepting one text weigh differently")
        arcs = {char: (self.union(*found), weights[char].pop()) for char, found in targets.items()}
        return self._node(arcs, finals.pop() if finals else -inf)

    def optional(self, node: Node, then: Node) -> Node:
        """`node`, which itself leads on to `then`, or straight `then`."""
        return self.union(node, then)

    def acceptor(self, start: Node) -> Acceptor:
        """The acceptor of what `start` accepts."""
        numbers, queue = {start: 0}, [start]
        for node in queue:
            for _, target, _ in self._nodes[node][1]:
                if target not in numbers:
                    numbers[target] = len(numbers)
                    queue.append(target)
        arcs = [
            (numbers[node], char, numbers[target], weight)
            for node in queue
            for char, target, weight in self._nodes[node][1]
        ]
        return Acceptor(tuple(sorted(arcs)), tuple(self._nodes[node][0] for node in queue))
