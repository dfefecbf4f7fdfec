"""Scanned copies are told apart by the words printed on them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.procedures.attachments import find_kind
from pipeline.procedures.registry import load_pack

PACK = load_pack(Path(__file__).parents[3] / "fixtures" / "procedures" / "child_benefit").procedure


@pytest.mark.parametrize(
    ("lines", "kind", "why"),
    [
        (["運転免許証", "氏名 見本花子"], "identity", "a licence"),
        (["連転免許証"], "identity", "one character misread"),
        (["総合口座通帳", "見本銀行"], "account", "a bank book"),
        (["運転", "免許証"], "identity", "a word cut in two lines"),
        (["普通預金", "在留カード"], None, "two kinds on one sheet are for a person"),
        (["粗大ごみ処理手数料減免申請書"], None, "another section's form"),
        ([], None, "nothing legible"),
        (["証"], None, "shorter than any word"),
    ],
)
def test_kinds(lines: list[str], kind: str | None, why: str) -> None:
    assert find_kind(PACK, lines) == kind, why
