"""Exports of e-application systems: good rows in, bad rows named, nothing lost."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.channels.errors import ArrivalError
from pipeline.channels.online import ExportReading, is_safe_name, read_export
from pipeline.channels.times import JST, parse_time
from pipeline.procedures.pack import OnlineChannel
from tests.unit.procedures.packs import make_pack, words

PACK = make_pack()
HEAD = "受付番号,受付日時,姓,名,同意,子1,子2,添付"
ROW = "R-1,2026/11/20 10:15,髙橋,美咲,はい,陽菜,,id.jpg;id2.jpg"


def channel(**changes: Any) -> OnlineChannel:
    content: dict[str, Any] = {
        "id": "portal",
        "label": words("電子申請"),
        "format": "csv",
        "receipt_number": "受付番号",
        "received_at": "受付日時",
        "columns": [
            {"column": "姓", "field": "name"},
            {"column": "名", "field": "name"},
            {"column": "同意", "field": "consent", "values": {"はい": "true"}},
            {"column": "子1", "field": "child_name", "index": 1},
            {"column": "子2", "field": "child_name", "index": 2, "required": False},
        ],
        "attachments": {"添付": "identity"},
    }
    return OnlineChannel.model_validate({**content, **changes})


JSON_CHANNEL = channel(
    format="json",
    records="data.items",
    receipt_number="no",
    received_at="at",
    columns=[
        {"column": "applicant.name", "field": "name"},
        {"column": "children[0].name", "field": "child_name", "index": 1},
        {"column": "children.1.name", "field": "child_name", "index": 2, "required": False},
        {"column": "ok", "field": "consent"},
    ],
    attachments={"files": "identity"},
)


def read(text: str, encoding: str = "utf-8") -> ExportReading:
    return read_export(text.encode(encoding), PACK, channel())


def read_items(*items: object) -> ExportReading:
    return read_export(json.dumps({"data": {"items": items}}).encode(), PACK, JSON_CHANNEL)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_a_record_in_each_declared_encoding(encoding: str) -> None:
    found = read(f"{HEAD}\r\n{ROW}\r\n", encoding)
    assert found.problems == ()
    record = found.records[0]
    assert (record.receipt_number, record.line) == ("R-1", 2)
    assert record.received_at == datetime(2026, 11, 20, 10, 15, tzinfo=JST)
    assert record.values == {"name": "髙橋 美咲", "consent": "true", "child_name.1": "陽菜"}
    assert record.attachments == (("identity", "id.jpg"), ("identity", "id2.jpg"))


def test_the_line_is_where_a_row_starts_though_cells_hold_line_breaks() -> None:
    text = f'{HEAD}\n"R-1",2026-11-20,"髙\n橋",美咲,はい,,,\n\n,2026-11-20,a,b,はい,,,\n{ROW}\n'
    found = read(text)
    assert [record.line for record in found.records] == [2, 6]
    assert [(p.line, p.column, p.code) for p in found.problems] == [(5, "受付番号", "no_receipt_number")]


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        (",2026-11-20,a,b,はい,,,", "受付番号", "no_receipt_number"),
        ("R-9,soon,a,b,はい,,,", "受付日時", "bad_received_at"),
        ("R-9,2026-11-20,a,b,はい", None, "cell_count"),
        ("R-9,2026-11-20,a,b,はい,,,,", None, "cell_count"),
        ('R-9,2026-11-20,"a"b,b,はい,,,', None, "malformed_row"),
    ],
)
def test_a_bad_row_names_line_and_column_and_the_rest_goes_on(row: str, column: str | None, code: str) -> None:
    found = read(f"{HEAD}\n{row}\n{ROW}\n")
    assert [record.receipt_number for record in found.records] == ["R-1"]
    assert [(p.line, p.column, p.code, p.record_kept) for p in found.problems] == [(2, column, code, False)]


def test_a_quote_that_never_closes_says_from_where_nothing_was_read() -> None:
    found = read(f'{HEAD}\n{ROW}\nR-2,2026-11-20,"a,b,はい,,,\n{ROW}\n')
    assert [record.receipt_number for record in found.records] == ["R-1"]
    assert [(p.line, p.code) for p in found.problems] == [(3, "unclosed_quote")]


def test_messages_name_the_place_and_never_the_value() -> None:
    found = read(f"{HEAD}\nR-9,秘密の値,a,b,はい,,,\n")
    (problem,) = found.problems
    assert (problem.line, problem.column) == (2, "受付日時")
    assert problem.message.ja == "受付日時を読み取れません。"
    assert "秘密の値" not in repr(problem)


def test_a_date_that_cannot_be_keeps_its_record() -> None:
    mapped = channel(columns=[{"column": "姓", "field": "birth"}])
    found = read_export(f"{HEAD}\nR-1,2026-11-20,令和99年,,,,,\n".encode(), PACK, mapped)
    assert found.problems == ()
    assert found.records[0].values == {"birth": "令和99年"}


@pytest.mark.parametrize("encoding", ["euc_jp", "utf-16", "iso2022_jp"])
def test_a_wrong_encoding_is_named(encoding: str) -> None:
    with pytest.raises(ArrivalError) as caught:
        read(f"{HEAD}\n{ROW}\n".replace("髙", "高"), encoding)
    assert caught.value.code == "wrong_encoding"


def test_spaces_and_marks_that_only_unicode_has_are_no_wrong_encoding() -> None:
    found = read(f"{HEAD}\nR-1,2026-11-20,佐\u00a0藤,\ufffd,はい,,,\n")
    assert found.records[0].values["name"] == "佐\u00a0藤 \ufffd"


def test_a_wrong_encoding_is_named_though_the_headers_are_plain() -> None:
    plain = channel(
        receipt_number="no", received_at="at", columns=[{"column": "name", "field": "name"}], attachments={}
    )
    text = "no,at,name\n1,2026-11-20,高橋美咲\n2,2026-11-20,佐藤花子\n"
    with pytest.raises(ArrivalError, match="wrong_encoding"):
        read_export(text.encode("euc_jp"), PACK, plain)
    kept = read_export(text.replace("高橋美咲", "高橋 ﾐｻｷ").encode("cp932"), PACK, plain)
    assert kept.records[0].values == {"name": "高橋 ﾐｻｷ"}


@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
def test_a_missing_column_is_named_by_its_header(encoding: str) -> None:
    with pytest.raises(ArrivalError) as caught:
        read(f"{HEAD}\n{ROW}\n".replace("同意,", "合意,"), encoding)
    assert (caught.value.code, caught.value.detail) == ("missing_column", "同意")


def test_a_table_without_its_attachments_would_accuse_everyone() -> None:
    with pytest.raises(ArrivalError) as caught:
        read(f"{HEAD}\n{ROW}\n".replace(",添付", ",備考"))
    assert (caught.value.code, caught.value.detail) == ("missing_column", "添付")


def test_another_file_in_a_good_encoding_lacks_columns_and_only_some_are_named() -> None:
    wide = channel(columns=[{"column": f"列{number}", "field": "name"} for number in range(9)])
    with pytest.raises(ArrivalError) as caught:
        read_export('{"applications": [], "備考": "x"}'.encode(), PACK, wide)
    assert (caught.value.code, caught.value.detail) == (
        "missing_column",
        "受付番号, 受付日時, 列0, 列1, 列2 (+7)",
    )


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b" \r\n", "empty_file"),
        (f"{HEAD},受付番号\n{ROW},R-1\n".encode(), "malformed_export"),
    ],
)
def test_other_whole_file_errors(data: bytes, code: str) -> None:
    with pytest.raises(ArrivalError) as caught:
        read_export(data, PACK, channel())
    assert caught.value.code == code


def test_json_paths_reach_into_lists() -> None:
    found = read_items(
        {
            "no": 17,
            "at": "2026-11-20T01:15:00Z",
            "applicant": {"name": "髙橋 美咲"},
            "children": [{"name": "陽菜"}, {"name": "翔"}],
            "ok": True,
            "files": ["a/id.jpg"],
        },
        {"no": "18", "at": "2026-11-20", "applicant": {"name": {"family": "x"}}, "children": []},
        "not a record",
    )
    first, second = found.records
    assert first.receipt_number == "17"
    assert first.received_at == datetime(2026, 11, 20, 10, 15, tzinfo=JST)
    assert first.values == {
        "name": "髙橋 美咲", "child_name.1": "陽菜", "child_name.2": "翔", "consent": "true",
    }  # fmt: skip
    assert first.attachments == (("identity", "a/id.jpg"),)
    assert second.values == {}
    assert [(p.line, p.column, p.code, p.record_kept) for p in found.problems] == [
        (2, "applicant.name", "not_a_value", True),
        (3, None, "not_a_record", False),
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"data": {"items": [}', "malformed_export"),
        ('{"data": {}}', "malformed_export"),
        ('{"data": {"items": {}}}', "malformed_export"),
        ('{"data": {"items": [{"no": 1, "at": "x", "ok": true, "children": []}]}}', "missing_column"),
        ("[" * 100_000, "malformed_export"),
    ],
    ids=["broken", "no list", "no list either", "no such path", "nested"],
)
def test_json_whole_file_errors(text: str, code: str) -> None:
    with pytest.raises(ArrivalError) as caught:
        read_export(text.encode(), PACK, JSON_CHANNEL)
    assert caught.value.code == code


def test_an_empty_list_of_records_is_no_error() -> None:
    assert read_items() == ExportReading((), ())


def test_the_content_hash_is_of_the_whole_row_in_any_order_of_columns() -> None:
    def digest(text: str) -> str:
        return read(text).records[0].content_hash

    assert digest(f"{HEAD},備考\n{ROW},a\n") != digest(f"{HEAD},備考\n{ROW},b\n")
    assert digest(f"備考,{HEAD}\na,{ROW}\n") == digest(f"{HEAD},備考\n{ROW},a\n")


def test_an_attachment_outside_the_folder_is_refused_and_the_record_kept() -> None:
    found = read(f"{HEAD}\nR-1,2026-11-20,a,b,はい,,,../../etc/passwd;ok.jpg\n")
    assert found.records[0].attachments == (("identity", "ok.jpg"),)
    assert [(p.code, p.column, p.record_kept) for p in found.problems] == [("unsafe_file_name", "添付", True)]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("a.jpg", True),
        ("R-1/本人.jpg", True),
        ("a..jpg", True),
        ("/a.jpg", False),
        ("../a.jpg", False),
        ("a/../../b", False),
        ("C:\\a.jpg", False),
        ("\\\\host\\a", False),
        ("a\x00.jpg", False),
        ("..\\a", False),
        ("a//b", False),
    ],
)
def test_safe_names(name: str, safe: bool) -> None:
    assert is_safe_name(name) is safe


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2026-11-20T10:15:30+09:00", "2026-11-20T10:15:30+09:00"),
        ("2026-11-20T01:15:30Z", "2026-11-20T01:15:30+00:00"),
        ("2026-11-20 10:15", "2026-11-20T10:15:00+09:00"),
        ("2026/11/20 9:05:07", "2026-11-20T09:05:07+09:00"),
        ("2026/11/20", "2026-11-20T00:00:00+09:00"),
        ("令和8年11月20日 午後3時5分", "2026-11-20T15:05:00+09:00"),
        ("２０２６年１１月２０日　１０：１５", "2026-11-20T10:15:00+09:00"),
        ("2026/11/20 25:00", None),
        ("令和99年1月1日", None),
        ("", None),
    ],
)
def test_times_of_receipt(text: str, iso: str | None) -> None:
    found = parse_time(text)
    assert (found.isoformat() if found else None) == iso


@given(st.text(max_size=40))
def test_no_time_is_ever_naive(text: str) -> None:
    found = parse_time(text)
    assert found is None or found.tzinfo is not None


def quote(cell: str) -> str:
    return cell.replace('"', '""').replace("\x00", "")


@given(st.lists(st.lists(st.text(max_size=8), min_size=8, max_size=8), max_size=8))
def test_every_row_is_a_record_or_a_problem(rows: list[list[str]]) -> None:
    quoted = [",".join(f'"{quote(cell)}"' for cell in row) for row in rows]
    filled = [row for row in rows if any(quote(cell).strip() for cell in row)]
    found = read_export("\n".join([HEAD, *quoted]).encode("utf-8", "ignore"), PACK, channel())
    lost = [problem for problem in found.problems if not problem.record_kept]
    assert len(found.records) + len(lost) == len(filled)


@pytest.mark.parametrize(
    ("changes", "column", "code"),
    [
        ({"applicant": {"name": "a\x00b"}}, "applicant.name", "not_text"),
        ({"applicant": {"name": "\ud800"}}, "applicant.name", "not_text"),
        ({"applicant": {"name": "あ" * 4001}}, "applicant.name", "too_long"),
        ({"no": "9" * 201}, "no", "too_long"),
        ({"no": "\udfff1"}, "no", "not_text"),
        ({"files": ["\ud800.jpg"]}, "files", "not_text"),
        ({"files": ["a.jpg"] * 101}, "files", "too_many_files"),
        ({"at": "9999-12-31T23:59:59-12:00"}, "at", "bad_received_at"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "at", "bad_received_at"),
        ({"at": "1 " + " " * 100_000 + "x"}, "at", "bad_received_at"),
    ],
)
def test_what_no_store_could_keep_is_a_named_row_and_the_rest_goes_on(
    changes: dict[str, Any], column: str, code: str
) -> None:
    good = {"no": "1", "at": "2026-11-20", "applicant": {"name": "山田"}, "children": [{"name": "x"}], "ok": True}
    found = read_items({**good, **changes}, good)
    assert [(problem.line, problem.column, problem.code) for problem in found.problems] == [(1, column, code)]
    assert [record.line for record in found.records] == [2]


def test_a_value_as_long_as_allowed_is_taken() -> None:
    item = {"no": "1", "at": "2026-11-20", "applicant": {"name": "あ" * 4000}, "children": [{"name": "x"}], "ok": True}
    assert len(read_items(item).records) == 1


@pytest.mark.parametrize("depth", [500, 900, 5_000, 200_000])
def test_json_nested_without_end_is_named(depth: int) -> None:
    deep = '{"data": {"items": [' + '{"a":' * depth + "1" + "}" * depth + "]}}"
    try:
        found = read_export(deep.encode(), PACK, JSON_CHANNEL)
    except ArrivalError as error:
        assert error.code in ("malformed_export", "missing_column")
    else:
        assert found.records == ()
