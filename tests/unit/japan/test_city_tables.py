"""A city's files of characters: what is taken from them, and what is refused by name and line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from japan.city_tables import BadTable, CityTables, read_city_tables, read_private_table, read_shrink_map

HEADER = "図形,font,MJ文字図形名,対応するUCS,実装したUCS,実装したMoji_JohoコレクションIVS,実装したSVS"
GLYPHS = """
,,MJ000001,U+541E,U+541E,541E_E0101,
,,MJ000002,U+8FBB,,8FBB_E0103;8FBB_E0104,
,,MJ000003,U+9AD9,U+9AD9,,
,,MJ000004,U+658E,U+658E,,
,,MJ000005,U+4E00,U+4E00,,
,,MJ000006,U+4E01,U+4E01,,
"""
UNIFIED = "JIS包摂規準・UCS統合規則"
NOTICES = "法務省戸籍法関連通達・通知"


def _map(tmp_path: Path, content: object) -> Path:
    path = tmp_path / "MJShrinkMap.1.2.0.json"
    path.write_text(json.dumps({"meta": {"version": "1.2.0"}, "content": content}, ensure_ascii=False), "utf-8")
    return path


def _glyphs(tmp_path: Path, text: str = HEADER + GLYPHS) -> Path:
    path = tmp_path / "mji.csv"
    path.write_text(text, "utf-8-sig")
    return path


def _to(ucs: str, **more: object) -> dict[str, object]:
    return {"JIS X 0213": "1-16-01", "UCS": ucs, **more}


def test_shrink_map(tmp_path: Path) -> None:
    content = [
        {"MJ文字図形名": "MJ000001", UNIFIED: [_to("U+5451")]},
        {"MJ文字図形名": "MJ000002", UNIFIED: [_to("U+8FBB")]},
        {"MJ文字図形名": "MJ000003", NOTICES: [_to("U+9AD8", 種別="民二5202号通知別表 正字・俗字等対照表")]},
        {"MJ文字図形名": "MJ000004", NOTICES: [_to("U+6589", 種別="戸籍統一文字情報 親字・正字", ホップ数=1)]},
        {"MJ文字図形名": "MJ000005", UNIFIED: [_to("U+4E02"), _to("U+4E03")], "辞書類等による関連字": [_to("U+4E04")]},
        {"MJ文字図形名": "MJ000006", NOTICES: [_to("U+4E05", 種別="戸籍統一文字情報 親字・正字", ホップ数=2)]},
        {"MJ文字図形名": "MJ999999", UNIFIED: [_to("U+4E06")]},
    ]
    tables = read_shrink_map(_map(tmp_path, content), _glyphs(tmp_path))
    assert tables.strong == {
        "吞": "呑", "吞\U000e0101": "呑", "辻\U000e0103": "辻", "辻\U000e0104": "辻", "髙": "高",
    }  # fmt: skip
    assert tables.weak == {"斎": "斉"}


def test_ranks_of_the_immigration_notice(tmp_path: Path) -> None:
    ranked = [_to("U+5451", 表="一", 順位="第1順位"), _to("U+4E09", 表="一", 順位="第2順位")]
    content = [{"MJ文字図形名": "MJ000001", "法務省告示582号別表第四": ranked}]
    tables = read_shrink_map(_map(tmp_path, content), _glyphs(tmp_path))
    assert (tables.strong, tables.weak) == ({}, {"吞": "呑", "吞\U000e0101": "呑"})


@pytest.mark.parametrize("content", ["{", "[]", '{"content": 1}', '{"content": [1]}', ""])
def test_what_is_no_shrink_map(tmp_path: Path, content: str) -> None:
    path = tmp_path / "map.json"
    path.write_text(content, "utf-8")
    with pytest.raises(BadTable, match=r"map\.json"):
        read_shrink_map(path, _glyphs(tmp_path))


def test_list_of_glyphs_needs_its_columns(tmp_path: Path) -> None:
    with pytest.raises(BadTable, match="実装したUCS"):
        read_shrink_map(_map(tmp_path, []), _glyphs(tmp_path, "a,b\n1,2\n"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_private_characters(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "gaiji.csv"
    path.write_text("# 外字\nU+E000,髙,はしご\nSJIS:F041,U+FA11\n\nU+8FBB U+E0101,辻\n", encoding)
    assert read_private_table(path) == {"\ue000": "髙", "\ue001": "﨑", "辻\U000e0101": "辻"}


@pytest.mark.parametrize("row", ["U+E000", "U+ZZZZ,高", "SJIS:xx,高", "U+110000,高", "U+D800,高"])
def test_bad_row_is_named_by_its_line(tmp_path: Path, row: str) -> None:
    path = tmp_path / "gaiji.csv"
    path.write_text(f"U+E001,高\n{row}\n", "utf-8")
    with pytest.raises(BadTable, match=r"gaiji\.csv, line 2"):
        read_private_table(path)


def test_files_of_a_city(tmp_path: Path) -> None:
    gaiji = tmp_path / "gaiji.csv"
    gaiji.write_text("U+E000,髙\n", "utf-8")
    assert read_city_tables("", "", "") is None
    assert read_city_tables(str(gaiji), "", "") == CityTables(private={"\ue000": "髙"})
    shrink = _map(tmp_path, [{"MJ文字図形名": "MJ000003", UNIFIED: [_to("U+9AD8")]}])
    both = read_city_tables(str(gaiji), str(shrink), str(_glyphs(tmp_path)))
    assert both == CityTables({"髙": "高"}, {}, {"\ue000": "髙"})
    with pytest.raises(BadTable, match="together"):
        read_city_tables("", str(shrink), "")
