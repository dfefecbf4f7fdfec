"""Whole tables: specs, folding, blocking, learning, third records, clusters."""

from __future__ import annotations

from itertools import combinations
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchers.em import EmField, learn, posteriors
from matchers.fields import AddressValue, FieldType
from matchers.tables.blocks import find_candidates
from matchers.tables.clusters import APART, find_clusters
from matchers.tables.columns import Records, code_columns
from matchers.tables.features import latin_sound
from matchers.tables.folds import fold_cell
from matchers.tables.link import LINK_BITS, REVIEW_BITS, link_tables
from matchers.tables.spec import LinkSpec, SpecProblem, parse_spec
from matchers.tables.triangles import weigh_together


def test_spec_is_read() -> None:
    found = parse_spec({"id": "no", "columns": {" name ": "person_name", "born": "date"}, "duplicates": True})
    assert found == LinkSpec("no", {"name": FieldType.PERSON_NAME, "born": FieldType.DATE}, True)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (None, "spec_shape"),
        ([], "spec_shape"),
        ({"id": "a", "columns": {"b": "date"}, "colums": {}}, "spec_unknown_key"),
        ({"columns": {"b": "date"}}, "spec_no_id"),
        ({"id": "", "columns": {"b": "date"}}, "spec_no_id"),
        ({"id": "a"}, "spec_no_columns"),
        ({"id": "a", "columns": {}}, "spec_no_columns"),
        ({"id": "a", "columns": {"b": "dates"}}, "spec_unknown_type"),
        ({"id": "a", "columns": {"b": ["date"]}}, "spec_unknown_type"),
        ({"id": "a", "columns": {"b": "key"}}, "spec_unknown_type"),  # no type of a table
        ({"id": "a", "columns": {"a": "text"}}, "spec_id_compared"),
        ({"id": "a", "columns": {"b": "text", "b ": "date"}}, "spec_column_twice"),
        ({"id": "a", "columns": {"b": "text"}, "duplicates": "yes"}, "spec_shape"),
    ],
)
def test_spec_that_cannot_be_used_is_named(data: object, code: str) -> None:
    with pytest.raises(SpecProblem) as caught:
        parse_spec(data)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        (FieldType.DATE, "平成12年7月24日", "2000-07-24"),
        (FieldType.DATE, "19560210", "1956-02-10"),
        (FieldType.DATE, "19081332", "19081332"),  # no day, yet the same slip may stand twice
        (FieldType.POSTAL_CODE, "〒370-0001", "3700001"),
        (FieldType.POSTAL_CODE, "4011", "4011"),  # Australia
        (FieldType.GIVEN_NAME, "Zoë", "ZOE"),
        (FieldType.TEXT, "St. James", "ST JAMES"),
        (FieldType.ADDRESS, "giblin street", AddressValue("GIBLIN STREET")),
        (FieldType.PHONE, "－－", None),
        (FieldType.TEXT, "不明", None),
        (FieldType.TEXT, "n/a", None),
    ],
)
def test_cells_are_folded_by_type(kind: FieldType, cell: str, value: object) -> None:
    assert fold_cell(kind, cell) == value


@pytest.mark.parametrize(
    ("name", "sound"), [("ROBERT", "R163"), ("RUPERT", "R163"), ("ASHCRAFT", "A261"), ("TYMCZAK", "T522"), ("LEE", "L")]
)
def test_names_sound_as_in_the_soundex_of_1918(name: str, sound: str) -> None:
    assert latin_sound(name) == sound


@given(st.sampled_from([kind for kind in FieldType if kind is not FieldType.KEY]), st.lists(st.text(), max_size=4))
@settings(max_examples=60, deadline=None)
def test_any_cells_make_columns_and_candidates(kind: FieldType, cells: list[str]) -> None:
    columns = code_columns("c", kind, [*cells, *cells])
    records = Records(columns, 2 * len(cells), len(cells))
    for column in columns:
        assert len(column.codes) == 2 * len(cells)
        assert column.values[0] is None
        assert (column.codes[: len(cells)] == column.codes[len(cells) :]).all()
    pairs = find_candidates(records).pairs
    assert ((pairs[:, 0] < len(cells)) & (pairs[:, 1] >= len(cells))).all()


def town(people: int, seed: int = 1) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """A register and what the same people say of themselves, a slip in one field of each third."""
    rng = Random(seed)
    letters = "abcdefghijklmnopqrstuvwxyz"
    names = ["".join(rng.choices(letters, k=rng.randint(4, 9))) for _ in range(people // 3)]
    register: dict[str, list[str]] = {"given": [], "family": [], "born": [], "code": []}
    said: dict[str, list[str]] = {column: [] for column in register}
    for number in range(people):
        row = {
            "given": rng.choice(names),
            "family": rng.choice(names),
            "born": f"{rng.randint(1930, 2020)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}",
            "code": str(rng.randint(10**6, 10**7)),
        }
        for column, cells in register.items():
            cells.append(row[column])
        if number % 3 == 0:
            column = rng.choice(list(row))
            at = rng.randrange(len(row[column]))
            row[column] = row[column][:at] + rng.choice("0123456789") + row[column][at + 1 :]
        for column, cells in said.items():
            cells.append(row[column])
    return register, said


COLUMNS = {
    "given": FieldType.GIVEN_NAME,
    "family": FieldType.FAMILY_NAME,
    "born": FieldType.DATE,
    "code": FieldType.DIGITS,
}


def test_two_tables_are_linked_each_to_its_own_and_the_same_every_time() -> None:
    register, said = town(150)
    found = link_tables(COLUMNS, register, said)
    again = link_tables(COLUMNS, register, said)
    assert (found.pairs == again.pairs).all()
    assert (found.scores == again.scores).all()
    linked = found.pairs[found.linked]
    assert (linked[:, 1] - linked[:, 0] == 150).all()
    assert len(linked) >= 145
    assert (found.scores[found.linked] >= LINK_BITS).all()
    assert (found.scores >= REVIEW_BITS).all()


def test_duplicates_in_one_table_share_a_cluster() -> None:
    register, said = town(120)
    both = {column: [*register[column], *said[column]] for column in COLUMNS}
    clusters = link_tables(COLUMNS, both).clusters
    assert len(clusters) == 240
    together = clusters[:120] == clusters[120:]
    assert together.sum() >= 115
    assert len(set(clusters.tolist())) == 240 - together.sum()


def test_order_of_tables_does_not_matter() -> None:
    register, said = town(100)
    one, other = link_tables(COLUMNS, register, said), link_tables(COLUMNS, said, register)
    linked = {(a, b - 100) for a, b in one.pairs[one.linked].tolist()}
    assert linked == {(b - 100, a) for a, b in other.pairs[other.linked].tolist()}


TWINS = {"given": ["蒼太", "蒼汰"], "family": ["勅使河原"] * 2, "born": ["20150401"] * 2, "code": ["", ""]}
COUPLE = {"given": ["ANH"] * 2, "family": ["BUI"] * 2, "born": ["19940528", "19790326"], "code": ["7654321"] * 2}


@pytest.mark.parametrize("two", [TWINS, COUPLE], ids=["twins", "a couple of one name"])
def test_two_alike_are_for_review_and_in_no_cluster_together(two: dict[str, list[str]]) -> None:
    register, said = town(150)
    both = {column: [*register[column], *said[column], *two[column]] for column in COLUMNS}
    found = link_tables(COLUMNS, both)
    assert found.clusters[-1] != found.clusters[-2]
    assert [300, 301] not in found.pairs[found.linked].tolist()
    assert [300, 301] in found.pairs.tolist()


def test_a_table_of_nothing_links_nobody() -> None:
    found = link_tables(COLUMNS, {column: [""] * 5 for column in COLUMNS}, {column: ["", "x"] for column in COLUMNS})
    assert not found.linked.any()
    assert len(set(found.clusters.tolist())) == 7


def test_em_finds_the_shares_that_made_the_pairs() -> None:
    """2,000 pairs of one person among 40,000, two fields of two categories."""
    rng = np.random.default_rng(3)
    same = rng.random((2000, 3)) > np.array([0.1, 0.05, 0.2])
    strangers = rng.random((38000, 3)) > np.array([0.98, 0.99, 0.97])
    rows = np.where(np.concatenate([same, strangers]), 0, 1).astype(np.int16)
    patterns, counts = np.unique(rows, axis=0, return_counts=True)
    fields = [
        EmField(
            np.zeros(2, np.int64),
            np.array([agree, 1 - agree]),
            np.array([0.9, 0.1]),
            np.array([agree, 1 - agree]),
            shared=False,
            home=False,
            held=np.zeros(2, np.bool_),
        )
        for agree in (0.02, 0.01, 0.03)
    ]
    learned = learn(patterns, counts.astype(float), 40000.0, fields)
    assert sum(learned.rates[:2]) * 40000 == pytest.approx(2000, rel=0.1)
    assert [share[0] for share in learned.same] == pytest.approx([0.9, 0.95, 0.8], abs=0.03)
    shares = posteriors(np.array([[0, 0, 0], [1, 1, 1], [0, 0, -1]], np.int16), fields, learned)
    assert shares[0].sum() > 0.999 > shares[2].sum() > 0.99 > 0.01 > shares[1].sum()


def _weighed(scores: dict[tuple[int, int], float]) -> dict[tuple[int, int], float]:
    pairs = np.array(list(scores), np.int64)
    known = dict(scores)
    weighed = weigh_together(
        pairs,
        np.array(list(scores.values())),
        10,
        -7.0,
        lambda more: np.array([known.get((a, b), -30.0) for a, b in more.tolist()]),
    )
    return {(a, b): score for (a, b), score in zip(weighed.pairs.tolist(), weighed.scores.tolist(), strict=True)}


def test_two_that_cannot_be_one_person_compete_for_a_third() -> None:
    found = _weighed({(0, 5): 20.0, (1, 5): 14.0})
    assert found[0, 5] == pytest.approx(6.0, abs=0.1)
    assert (1, 5) not in found or found[1, 5] < 0


def test_a_third_that_matches_both_holds_two_together() -> None:
    found = _weighed({(0, 1): -3.0, (0, 2): 20.0, (1, 2): 20.0})
    assert found[0, 1] > 10
    assert found[0, 2] > 10


scored_pairs = st.dictionaries(
    st.tuples(st.integers(0, 11), st.integers(0, 11)).filter(lambda pair: pair[0] < pair[1]),
    st.floats(-40, 40).map(lambda score: round(score, 3)),
    min_size=1,
    max_size=40,
)


@given(scored_pairs, st.sampled_from([None, 6]))
@settings(max_examples=150, deadline=None)
def test_clusters_hold_every_record_once_and_no_two_who_are_apart(
    scores: dict[tuple[int, int], float], alone_from: int | None
) -> None:
    pairs, values = np.array(list(scores), np.int64), np.array(list(scores.values()))
    clusters = find_clusters(12, pairs, values, values >= LINK_BITS, alone_from).tolist()
    assert len(clusters) == 12
    for a, b in combinations(range(12), 2):
        if clusters[a] == clusters[b]:
            assert scores.get((a, b), 0.0) > APART
            assert alone_from is None or not (a < alone_from and b < alone_from)
    linked = {record for pair, score in scores.items() if score >= LINK_BITS for record in pair}
    assert all(clusters.count(clusters[record]) == 1 for record in set(range(12)) - linked)
    assert all(cluster <= record for record, cluster in enumerate(clusters))


def test_with_one_column_who_is_nearly_written_alike_is_compared() -> None:
    names = sorted({name for name in town(600)[0]["given"] if len(name) > 6})
    cells = [*names, *(name[:-1] for name in names)]
    records = Records(code_columns("name", FieldType.FAMILY_NAME, cells), len(cells), len(names))
    pairs = set(map(tuple, find_candidates(records).pairs.tolist()))
    assert all((number, number + len(names)) in pairs for number in range(len(names)))
    assert len(pairs) < 0.5 * len(names) ** 2
