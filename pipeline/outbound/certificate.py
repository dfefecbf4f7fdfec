"""消去証明書 as a PDF: what an erasure took away, in numbers, with the receipt numbers and the signature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_CENTER, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Paragraph, Spacer, Table, TableStyle

from japan.era import format_wareki
from pipeline.procedures.fonts import find_japanese_font, printable, register_font

_WIDTH, _HEIGHT = A4
_MARGIN = 22 * mm
_RULE = HexColor("#949494")
_TINT = HexColor("#f2f2f2")
_COLUMNS = 4
_TOKYO = ZoneInfo("Asia/Tokyo")

COUNTED = {
    "field_value": "項目値",
    "finding": "点検結果",
    "score_line": "点数",
    "candidate": "対象者の候補",
    "link": "対象者との紐付け",
    "household_link": "世帯との紐付け",
    "distinction": "別人の判断",
    "person_distinction": "対象者どうしの別人の判断",
    "trace": "口座・画像の照合用の符号",
    "judgement": "学習用の判断記録",
    "identity_assertion": "本人確認の記録",
    "attachment": "添付書類",
    "page": "頁の画像と読取結果",
    "arrival": "到着したファイルと原データ",
    "person": "申請だけで登録した対象者",
    "match_key": "照合用の鍵",
    "submission": "申請の整理番号・送信元番号",
    "document": "書類の整理番号",
    "decision": "確認結果の所見",
    "review_reason": "要確認理由の詳細",
    "deficiency": "不備の文面",
    "outbound": "送付文書・通知",
    "draft_case": "起案の理由",
    "approval": "決裁の所見",
    "blob": "削除したファイル(画像・原本・派生物)",
    "stray_blob": "うち、どの記録にも属さなかったファイル",
}
"""What was counted, in the order it is shown."""


def certificate_pdf(signed: Mapping[str, Any], font_path: Path | None = None) -> bytes:
    """The certificate as PDF, the same bytes for the same certificate. Raises FontError without a Japanese font.

    signed: {"certificate": record, "signature": hex}, as the store keeps it.
    """
    record = signed["certificate"]
    styles = _Styles(register_font(find_japanese_font(font_path)))
    out = BytesIO()
    title = f"消去証明書 {record['number']}"
    document = BaseDocTemplate(out, pagesize=A4, title=title, author=record["department"], lang="ja", invariant=1)
    frame = Frame(_MARGIN, 20 * mm, _WIDTH - 2 * _MARGIN, _HEIGHT - 40 * mm, 0, 0, 0, 0)

    def foot(canvas: Canvas, template: BaseDocTemplate) -> None:
        canvas.setFont(styles.font, 8.5)
        canvas.drawCentredString(_WIDTH / 2, 11 * mm, f"{record['number']}  {template.page}頁")

    document.addPageTemplates([PageTemplate("page", [frame], onPage=foot)])
    document.build(_story(styles, record, signed["signature"]))
    return out.getvalue()


class _Styles:
    """Paragraph styles in one font."""

    def __init__(self, font: str) -> None:
        self.font = font
        self.title = self._style("title", 16, 26, alignment=TA_CENTER)
        self.heading = self._style("heading", 12, 20)
        self.body = self._style("body", 10.5, 18)
        self.cell = self._style("cell", 10, 15)
        self.figure = self._style("figure", 10, 15, alignment=TA_RIGHT)
        self.small = self._style("small", 8.5, 12)

    def _style(self, name: str, size: float, leading: float, alignment: int = 0) -> ParagraphStyle:
        return ParagraphStyle(
            name, fontName=self.font, fontSize=size, leading=leading, alignment=alignment, wordWrap="CJK"
        )

    def paragraph(self, text: str, style: ParagraphStyle) -> Paragraph:
        """Plain text as a paragraph: markup in it is only text."""
        return Paragraph(escape(printable(text, self.font)), style)


def _story(styles: _Styles, record: Mapping[str, Any], signature: str) -> list[Flowable]:
    rows = record["submissions"]
    return [
        styles.paragraph("消去証明書", styles.title),
        Spacer(1, 6 * mm),
        styles.paragraph(
            "次の申請について、保存期間が満了したため、記載された値、画像、派生物、照合用の鍵および原データを"
            "消去したことを証明します。受付番号と処理の履歴は、値を含まない形で残っています。",
            styles.body,
        ),
        Spacer(1, 4 * mm),
        _table(styles, _facts(record), (42 * mm, _WIDTH - 2 * _MARGIN - 42 * mm)),
        Spacer(1, 5 * mm),
        styles.paragraph("消去したもの", styles.heading),
        _table(styles, _counts(record["counts"]), (_WIDTH - 2 * _MARGIN - 32 * mm, 32 * mm), figures=True),
        Spacer(1, 5 * mm),
        styles.paragraph(f"消去した申請の受付番号(全{len(rows):,}件)", styles.heading),
        *([_numbers(styles, rows)] if rows else []),
        Spacer(1, 5 * mm),
        styles.paragraph("署名", styles.heading),
        _table(styles, _signature(record, signature), (42 * mm, _WIDTH - 2 * _MARGIN - 42 * mm)),
        Spacer(1, 2 * mm),
        styles.paragraph(
            "署名はこの一窓の鍵による鍵付きハッシュ(HMAC-SHA256)です。電子の証明書(JSON)を "
            "ichimado erase verify で検査できます。",
            styles.small,
        ),
    ]


def _facts(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    packs = [f"{pack['version']} 版({pack['years']}年)" for pack in record["packs"]]
    return [
        ("証明書番号", record["number"]),
        ("手続", f"{record['label']}({record['procedure']})"),
        ("保存期間の定め", "完結した年度の翌年度4月1日から起算。" + "、".join(packs)),
        ("対象", f"{_day(record['ended_before'])}より前に完結した申請"),
        ("消去した申請", f"{len(record['submissions']):,}件"),
        ("実行者", record["made_by"]),
        ("開始", _moment(record["made_at"])),
        ("完了", _moment(record["finished_at"])),
    ]


def _counts(counts: Mapping[str, int]) -> list[tuple[str, str]]:
    known = [(label, counts[name]) for name, label in COUNTED.items() if counts.get(name)]
    others = [(name, count) for name, count in counts.items() if name not in COUNTED and count]
    return [(label, f"{count:,}件") for label, count in [*known, *others]] or [("なし", "0件")]


def _signature(record: Mapping[str, Any], signature: str) -> list[tuple[str, str]]:
    chain = record["chain"]
    return [("証明書の署名", signature), ("履歴の末尾", f"{chain['head']}({chain['events']}件目)")]


def _table(
    styles: _Styles, rows: Sequence[tuple[str, str]], widths: tuple[float, float], *, figures: bool = False
) -> Table:
    """Names and what is said of them; figures stand to the right."""
    second = styles.figure if figures else styles.cell
    cells = [[styles.paragraph(name, styles.cell), styles.paragraph(text, second)] for name, text in rows]
    table = Table(cells, colWidths=list(widths), hAlign="LEFT", splitInRow=1)
    style = [
        ("GRID", (0, 0), (-1, -1), 0.5, _RULE),
        ("BACKGROUND", (0, 0), (0, -1), _TINT),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
    ]
    table.setStyle(TableStyle(style))
    return table


def _numbers(styles: _Styles, rows: Sequence[Mapping[str, str]]) -> Table:
    texts = [row["receipt_number"] for row in rows]
    texts += [""] * (-len(texts) % _COLUMNS)
    lines = [texts[place : place + _COLUMNS] for place in range(0, len(texts), _COLUMNS)]
    table = Table(lines, colWidths=[(_WIDTH - 2 * _MARGIN) / _COLUMNS] * _COLUMNS, hAlign="LEFT")
    style = [
        ("FONT", (0, 0), (-1, -1), styles.font, 9.5),
        ("GRID", (0, 0), (-1, -1), 0.3, _RULE),
        ("TOPPADDING", (0, 0), (-1, -1), 1),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
    ]
    table.setStyle(TableStyle(style))
    return table


def _day(text: str) -> str:
    return format_wareki(date.fromisoformat(text))


def _moment(text: str) -> str:
    at = datetime.fromisoformat(text).astimezone(_TOKYO)
    return f"{format_wareki(at.date())} {at:%H時%M分}"
