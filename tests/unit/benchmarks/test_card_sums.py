"""The reading card adds up what the rows say: exactness, acceptance and its error, reliability, places."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.card_page_sums import peer, registration
from benchmarks.card_rows import LabRow, PageRow, PeerPage
from benchmarks.card_sums import by_target, goals, wrong
from benchmarks.peers import tesseract_lines
from fixtures.reading.layouts import lab_procedure
from ocr.confidence.calibration import Calibration, Group, Threshold
from ocr.signs import Signs
from pipeline.score.rows import in_normal_form, is_right
from pipeline.score.sums import acceptance, exactness, missed, reliability, truth_of

ROW = LabRow(
    seed=1, layout="debit_short", writer="klee", hand="handwritten", damages=("light",), key="phone",
    sort="phone cells", spec="phone", kind="plain", mark="", truth="0277123456", written="0277123456",
    read="0277123456", raw="0277123456", confidence=0.98, threshold=0.97, reasons=(), right=True, bare=False,
    nothing=False, empty=False, problem=False, edits=0, length=10, off_mm=0.1, said_mm=0.2,
    signs=Signs("phone cells", "cells", 0.9),
)  # fmt: skip
WRONG = replace(ROW, read="0277123451", right=False, edits=1)
FLAGGED = replace(WRONG, confidence=0.5, reasons=("low_confidence",))
BLANK = replace(ROW, truth=None, written="", read=None, raw="", confidence=0.99, kind="blank", bare=True, nothing=True,
                empty=True, length=0)  # fmt: skip


def sure(row: LabRow, confidence: float) -> LabRow:
    return replace(row, confidence=confidence)


def test_exact_counts_values_as_written_apart_from_those_that_were_mended() -> None:
    mended = replace(WRONG, kind="overwritten")
    found = exactness([ROW, ROW, WRONG, mended, BLANK])
    assert (found["exact"]["hits"], found["exact"]["of"]) == (2, 3)
    assert (found["exact_all"]["hits"], found["exact_all"]["of"]) == (2, 4)
    assert found["cer"] == pytest.approx(1 / 30, abs=1e-4)


def test_accepted_is_what_is_sure_without_a_reason_and_blank_fields_are_no_merit() -> None:
    found = acceptance([ROW, WRONG, FLAGGED, sure(ROW, 0.96), BLANK])
    assert (found["accepted"], found["of"], found["wrong"]) == (2, 4, 1)
    assert found["wrong_at_most_95"] == pytest.approx(0.97468, abs=1e-5)


def test_ink_that_was_not_seen_is_accepted_as_the_read_step_does_and_wrong() -> None:
    unseen = replace(ROW, read=None, raw="", confidence=0.5, right=False, nothing=True, empty=True)
    found = acceptance([replace(unseen, threshold=None), ROW])
    assert (found["accepted"], found["wrong"]) == (2, 1)
    assert missed([unseen, ROW, BLANK])["written_read_blank"]["hits"] == 1


def test_reliability_and_goals() -> None:
    erased = replace(WRONG, reasons=("erased",))
    table = reliability([sure(ROW, 0.985), sure(WRONG, 0.981), sure(ROW, 1.0), FLAGGED, BLANK, erased])
    assert [(one["from"], one["hits"], one["of"]) for one in table] == [(0.5, 0, 1), (0.98, 1, 2), (0.9999, 1, 1)]
    found = {one["goal"]: one for one in goals([ROW, WRONG])}
    assert found["digits in cells: exact"]["hits"] == 1
    assert found["all: accepted"]["wrong"] == 1
    assert found["dates: exact"]["of"] == 0


def test_a_confidence_that_says_too_much_is_further_from_the_truth() -> None:
    modest = truth_of([(0.9, True)] * 9 + [(0.9, False)])
    boastful = truth_of([(0.995, True)] * 9 + [(0.995, False)])
    assert modest["ece"] == pytest.approx(0.0) and boastful["ece"] == pytest.approx(0.095)
    assert 0 < modest["log_loss"] < boastful["log_loss"]
    assert truth_of([]) == {"ece": None, "log_loss": None}


def test_other_targets_accept_by_their_own_thresholds() -> None:
    made = Calibration(
        dict.fromkeys(("log_score", "surplus", "page"), 0.0),
        {"phone cells by cells": Group(0.0, 0.0, 50, 1)},
        0.0,
        {"0.001": {"phone cells": Threshold(0.99, 9, 0, 0.3)}, "0.01": {"phone cells": Threshold(0.9, 9, 0, 0.3)}},
    )
    unknown = replace(ROW, signs=Signs("phone cells", "line", 0.9))
    found = by_target([ROW, WRONG, unknown], made)
    assert [found[target]["all"]["accepted"] for target in ("0.001", "0.01")] == [0, 2]
    assert found["0.01"]["digits in cells, handwritten"]["wrong"] == 1 and found["0.01"]["printed, clean"]["of"] == 0


def test_what_goes_wrong_most_stands_first() -> None:
    found = wrong([ROW, WRONG, FLAGGED, replace(FLAGGED, kind="ditto")])
    assert [(one["what"], one["wrong"], one["without_reason"]) for one in found] == [
        ("phone cells, plain", 2, 1),
        ("phone cells, ditto", 1, 0),
    ]


def test_a_box_that_is_off_and_was_not_said_to_be_is_counted() -> None:
    far = replace(ROW, off_mm=1.4, said_mm=0.3)
    known = replace(ROW, off_mm=1.2, said_mm=0.9)
    lost = replace(ROW, off_mm=None, said_mm=None, reasons=("unregistered",))
    found = registration([page(far, known, ROW), replace(page(lost), registered=False)])
    assert (found["all"]["fields"], found["all"]["poor"], found["all"]["poor_unnoticed"]) == (3, 2, 1)
    assert found["all"]["largest_mm"] == 1.4 and len(found["unregistered"]) == 1


def test_a_peer_is_held_against_the_same_fields() -> None:
    asked = replace(page(ROW, replace(WRONG, key="mobile")), textual=("phone", "mobile"), askable=("phone", "mobile"))
    found = peer([replace(asked, peers={"other": PeerPage(4.0, 5.0, ("mobile",), ("mobile", "phone"))})], "other")
    assert found["beside_label"]["hits"] == 1 and found["ichimado_on_these"]["hits"] == 1
    assert found["anywhere"]["hits"] == 2 and found["times_as_long_cpu"] == 2.0


def page(*rows: LabRow) -> PageRow:
    return PageRow(1, "debit_short", "klee", "handwritten", ("light",), 200, True, 4, 0.5, 1.5, 2.1, 300, len(rows),
                   rows, (), (), {})  # fmt: skip


def test_values_are_compared_in_their_normal_form() -> None:
    pack = lab_procedure()

    def right(field: str, truth: str | None, value: str | None, raw: str = "") -> bool:
        spec = pack.field(field)
        read = in_normal_form(spec, value if value is not None else raw)[0]
        return is_right(spec, truth, value, read)

    assert right("name", "髙橋 一郎", "高橋一郎")
    assert right("amount", "12300", "12,300円") and not right("amount", "12300", "12,300円1")
    assert right("phone", "0277123456", "0277(12)3456")
    assert right("address", "桐生市東町1丁目2番3号", "桐生市東町1-2-3")
    assert right("name", None, None, "王") and not right("name", None, "王")
    assert not right("name", "王", None)


def test_the_lines_of_tesseract() -> None:
    head = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n"
    rows = ("4\t1\t1\t1\t1\t0\t10\t20\t90\t30\t-1\t", "5\t1\t1\t1\t1\t1\t10\t22\t40\t28\t90\t申請", "5\t1\t1\t1\t1\t2\t"
            '60\t20\t40\t25\t70\t"日', "5\t1\t2\t1\t1\t1\t5\t80\t10\t12\t50\t7")  # fmt: skip
    first, second = tesseract_lines(head + "\n".join(rows) + "\n")
    assert (first.text, first.box_px) == ('申請"日', (10, 20, 100, 50))
    assert first.confidence == pytest.approx(0.8) and second.text == "7"
