"""Examples in the description of the API: people who do not exist."""

from __future__ import annotations

SENT = {
    "procedure": "child_benefit",
    "record": {
        "receipt": "C26-004021",
        "submitted_at": "2026-11-01T19:55:00+09:00",
        "applicant": {
            "name": "見本 花子",
            "kana": "ミホン ハナコ",
            "birth_date": "1983-11-03",
            "postal_code": "2060802",
            "address": "東京都稲城市東長沼2111",
            "phone": "042-378-2111",
        },
        "children": [{"name": "見本 一郎", "kana": "ミホン イチロウ", "birth_date": "2019-04-09", "relation": "child"}],
        "account": {
            "bank_code": "0001",
            "branch_code": "123",
            "type": "1",
            "number": "1713604",
            "holder_kana": "ミホン ハナコ",
        },
        "answers": {"consent": True},
    },
    "identity": {
        "issuer": "デジタル認証アプリ",
        "method": "jpki",
        "level": "IAL3",
        "subject": "a3f1",
        "asserted_at": "2026-11-01T19:54:12+09:00",
    },
}
