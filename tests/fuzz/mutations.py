"""Damage that fits any format: bits, bytes, cuts, splices, and numbers that lie."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

MOST_BYTES = 1_000_000
_NUMBERS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFE)
_WRITTEN = ("0", "-1", "1", "65536", "2147483647", "-2147483648", "4294967296", "9" * 30, "1e308", "0.0000001")

Mutation = Callable[[Random, bytes, Sequence[bytes]], bytes]


def _flip_bits(random: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    found = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 4, 16, 64))):
        found[random.randrange(len(found))] ^= 1 << random.randrange(8)
    return bytes(found)


def _set_bytes(random: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    found = bytearray(data)
    for _ in range(random.choice((1, 2, 8))):
        found[random.randrange(len(found))] = random.choice((0, 0xFF, random.randrange(256)))
    return bytes(found)


def _lie(random: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """A number of 1 to 8 bytes, of either order, where a length or an offset may stand."""
    size = random.choice((1, 2, 4, 4, 8))
    number = random.choice(_NUMBERS) & ((1 << (8 * size)) - 1)
    order = random.choice(("little", "big"))
    place = random.randrange(len(data))
    return data[:place] + number.to_bytes(size, order) + data[place + size :]  # type: ignore[arg-type]


def _rewrite_number(random: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Another number where one is written in digits."""
    places = list(re.finditer(rb"\d+", data))
    if not places:
        return _lie(random, data, others)
    place = random.choice(places)
    return data[: place.start()] + random.choice(_WRITTEN).encode() + data[place.end() :]


def _cut_off(random: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    return data[: random.randrange(1, len(data) + 1)]


def _cut_out(random: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    first, last = _range(random, data)
    return data[:first] + data[last:]


def _repeat(random: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    first, last = _range(random, data)
    piece = data[first:last]
    times = min(random.choice((2, 10, 1000)), max(1, MOST_BYTES // max(1, len(piece))))
    return data[:first] + piece * times + data[last:]


def _overwrite(random: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    first, last = _range(random, data)
    filling = random.choice((b"\x00", b"\xff", b" ", b"A", random.randbytes(1)))
    return data[:first] + filling * (last - first) + data[last:]


def _insert_noise(random: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    place = random.randrange(len(data) + 1)
    return data[:place] + random.randbytes(random.choice((1, 4, 64, 1024))) + data[place:]


def _splice(random: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    other = random.choice(others)
    return data[: random.randrange(len(data) + 1)] + other[random.randrange(len(other) + 1) :]


def _move(random: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    first, last = _range(random, data)
    rest = data[:first] + data[last:]
    place = random.randrange(len(rest) + 1)
    return rest[:place] + data[first:last] + rest[place:]


def _range(random: Random, data: bytes) -> tuple[int, int]:
    first = random.randrange(len(data))
    return first, min(len(data), first + random.choice((1, 4, 16, 200, 5000)))


MUTATIONS: tuple[Mutation, ...] = (
    _flip_bits, _flip_bits, _set_bytes, _lie, _lie, _rewrite_number, _rewrite_number, _cut_off, _cut_out, _repeat,
    _overwrite, _insert_noise, _splice, _move,
)  # fmt: skip


def mutated(random: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """The data with one to four kinds of damage, never longer than MOST_BYTES and seldom empty."""
    for _ in range(random.choice((1, 1, 1, 2, 3, 4))):
        if not data:
            break
        data = random.choice(MUTATIONS)(random, data, others)[:MOST_BYTES]
    return data
