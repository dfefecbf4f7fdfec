"""The grammars of kinds of field as acceptors, and how an accepted string becomes a value.

An acceptor is over the outputs of the field's mask (`ocr.decoding.content`): digits, and signs where they tell
something (the comma of an amount). Dates have theirs in `ocr.decoding.dates`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from math import inf

from japan.postal import lookup
from ocr.decoding.acceptor import Acceptor, Builder, Node
from ocr.layout import Content

DIGITS = "0123456789"


@lru_cache(maxsize=1)
def phone_grammar() -> Acceptor:
    """Telephone numbers: eleven digits after 050, 060, 070, 080, 090, else ten and no 0 in the third place.

    Source: the numbering plan (総務省 電気通信番号計画): area codes have no 0 as their third digit.
    """
    build = Builder()
    long, short = _digits(build, 8), _digits(build, 7)
    others = build.any_of("123456789", short)
    either = build.branch({"0": long} | dict.fromkeys("123456789", short))
    second = build.branch(dict.fromkeys("1234", others) | dict.fromkeys("56789", either))
    return build.acceptor(build.branch({"0": second}))


@lru_cache(maxsize=64)
def digits_grammar(counts: tuple[int, ...]) -> Acceptor:
    """Digits in one of these numbers; any number of them when there is none."""
    if not counts:
        return Acceptor(tuple((state, digit, 1, 0.0) for state in (0, 1) for digit in DIGITS), (-inf, 0.0))
    build = Builder()
    return build.acceptor(build.union(*(_digits(build, count) for count in counts)))


def _digits(build: Builder, count: int, then: Node | None = None) -> Node:
    node = build.end if then is None else then
    for _ in range(count):
        node = build.any_of(DIGITS, node)
    return node


@lru_cache(maxsize=1)
def my_number_grammar() -> Acceptor:
    """Twelve digits of which the last is the check digit (its rule: `japan.check`)."""
    build = Builder()
    weights = [int(n) for n in "65432765432"]
    layer = [build.any_of(str(0 if rest <= 1 else 11 - rest), build.end) for rest in range(11)]
    for weight in reversed(weights):
        layer = [build.branch({d: layer[(rest + weight * int(d)) % 11] for d in DIGITS}) for rest in range(11)]
    return build.acceptor(layer[0])


LEADING_ZERO = -4.0
"""An amount hardly begins with a nought; where noughts are printed before it, all of them are written."""
MOST_YEN_DIGITS = 12


@lru_cache(maxsize=1)
def money_grammar() -> Acceptor:
    """An amount: ¥ before it or not; commas at every thousand or at none; then 円, 也, a dash, or nothing."""
    build = Builder()
    dash = build.any_of("-", build.end)
    also = build.branch({"也": build.end})
    tail = build.union(build.end, dash, also, build.branch({"円": build.union(build.end, dash, also)}))
    grouped = plain = tail
    for _ in range(MOST_YEN_DIGITS // 3 - 1):
        grouped = build.union(tail, build.branch({",": _digits(build, 3, grouped)}))
    for _ in range(MOST_YEN_DIGITS - 1):
        plain = build.union(tail, build.any_of(DIGITS, plain))
    rest = build.union(grouped, build.any_of(DIGITS, build.union(grouped, build.any_of(DIGITS, grouped))), plain)
    first = build.union(build.any_of("123456789", rest), build.any_of("0", plain, LEADING_ZERO))
    return build.acceptor(build.union(first, build.branch({"¥": first})))


def to_amount(text: str) -> str:
    """The digits of an accepted amount, without leading noughts."""
    return re.sub(r"\D", "", text).lstrip("0") or "0"


@lru_cache(maxsize=1)
def time_grammar() -> Acceptor:
    """Times of day, 0:00 to 24:00: 830, 0830, 8:30, and after a sign between also 8時, 8時半."""
    build = Builder()
    minutes = build.any_of("012345", _digits(build, 1))
    hours: dict[str, Node] = {}
    for hour in range(25):
        rest = minutes if hour < 24 else build.text("00", build.end)
        apart = build.union(rest, build.end, build.branch({"半": build.end} if hour < 24 else {}))
        for text in dict.fromkeys((str(hour), f"{hour:02d}")):
            hours |= {text: rest, text + ":": apart}
    return build.acceptor(build.words(hours))


def to_time(text: str) -> str:
    """An accepted time as HH:MM."""
    plain = text.replace("半", "30")
    hour, _, minute = plain.partition(":") if ":" in plain else (plain[:-2], "", plain[-2:])
    return f"{int(hour):02d}:{int(minute or 0):02d}"


@lru_cache(maxsize=256)
def of_lengths(acceptor: Acceptor, lengths: tuple[int, ...]) -> Acceptor:
    """What the acceptor takes of these numbers of characters; with no final state when that is nothing."""
    start = (0, 0)
    numbers, queue, arcs = {start: 0}, [start], []
    by_state: dict[int, list[tuple[str, int, float]]] = {}
    for source, char, target, weight in acceptor.arcs:
        by_state.setdefault(source, []).append((char, target, weight))
    for state, length in queue:
        for char, target, weight in by_state.get(state, ()) if length < max(lengths) else ():
            reached = (target, length + 1)
            if reached not in numbers:
                numbers[reached] = len(numbers)
                queue.append(reached)
            arcs.append((numbers[state, length], char, numbers[reached], weight))
    finals = tuple(acceptor.finals[state] if length in lengths else -inf for state, length in queue)
    return Acceptor(tuple(sorted(arcs)), finals)


def find_grammar(content: Content, lengths: tuple[int, ...] = ()) -> Acceptor | None:
    """The grammar of a kind of field, of these numbers of characters where they are known; None when it has none."""
    if content is Content.DIGITS:
        return digits_grammar(lengths)
    if content not in _GRAMMARS:
        return None
    whole = _GRAMMARS[content]()
    return of_lengths(whole, lengths) if lengths else whole


_GRAMMARS: Mapping[Content, Callable[[], Acceptor]] = {
    Content.PHONE: phone_grammar,
    Content.POSTAL_CODE: lambda: digits_grammar((7,)),
    Content.MONEY: money_grammar,
    Content.MY_NUMBER: my_number_grammar,
    Content.TIME: time_grammar,
}

EXISTING_POSTAL = 120_000
KNOWN_POSTAL_SHARE = 0.98
"""How often a postal code that is written exists in the directory: offices have codes of their own, and
directories age."""


def postal_prior(code: str) -> float:
    """How much likelier (a factor) this code is to be written than the average seven digits."""
    if lookup(code) is None:
        return (1 - KNOWN_POSTAL_SHARE) * 10**7 / (10**7 - EXISTING_POSTAL)
    return KNOWN_POSTAL_SHARE * 10**7 / EXISTING_POSTAL


PRIORS: Mapping[Content, Callable[[str], float]] = {Content.POSTAL_CODE: postal_prior}
"""How many times likelier than the average string of its grammar a value is written."""
