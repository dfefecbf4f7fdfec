"""The look of a picture: the same in another size or quality, another one for somebody else's paper of one layout."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from fixtures.papers import draw_identity_card
from fixtures.people import draw_town
from pipeline.channels.looks import BLANK, bits_apart, bits_of, look_of
from pipeline.runtime import Secrets
from pipeline.steps.doubles import MAX_BITS
from pipeline.steps.traces import BANDS, bands_of

Grey = NDArray[np.uint8]
SECRETS = Secrets(b"dGVzdHMtb25seS1rZXktdGVzdHMtb25seS1rZXkhISE=")


@pytest.fixture(scope="module")
def cards() -> list[Grey]:
    """Licences of eight people: one layout and one face, so that only the writing differs."""
    people = [home.parents[0] for home in draw_town(11, 10).households if home.parents][:8]
    return [np.asarray(draw_identity_card(one, "運転免許証", 300).convert("L"), np.uint8) for one in people]


def compressed(card: Grey) -> Grey:
    _, data = cv2.imencode(".jpg", card, [cv2.IMWRITE_JPEG_QUALITY, 50])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)


def smaller(card: Grey) -> Grey:
    return np.asarray(cv2.resize(card, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA), np.uint8)


def darker(card: Grey) -> Grey:
    return (card * 0.8 + 12).astype(np.uint8)


def bands(look: str) -> set[str]:
    return {trace.digest for trace in bands_of(SECRETS, "one", look)}


@pytest.mark.parametrize("change", [compressed, smaller, darker])
def test_the_same_picture_sent_otherwise_looks_the_same_and_is_found(cards: list[Grey], change: object) -> None:
    for card in cards:
        one, other = look_of(card), look_of(change(card))  # type: ignore[operator]
        assert bits_apart(one, other) <= MAX_BITS and bands(one) & bands(other)


def test_papers_of_different_people_of_one_layout_do_not(cards: list[Grey]) -> None:
    looks = [look_of(card) for card in cards]
    assert min(bits_apart(one, other) for one, other in itertools.combinations(looks, 2)) > MAX_BITS


def test_a_blank_picture_has_no_look() -> None:
    noise = np.random.default_rng(1).integers(246, 255, (400, 300), dtype=np.uint8)
    assert look_of(noise) == BLANK == look_of(np.full((50, 80), 7, np.uint8))


def test_bands_tell_nothing_and_are_as_many_as_said(cards: list[Grey]) -> None:
    look = look_of(cards[0])
    assert len(bits_of(look)) == 4 * len(look) == 4096
    assert len(bands(look)) == BANDS and list(bands_of(SECRETS, "one", "")) == []
    assert all(len(digest) == 64 and digest not in look for digest in bands(look))
