"""A small pack for tests, with everything that repeats, is conditional or is checked."""

from __future__ import annotations

from typing import Any

from pipeline.procedures.pack import Procedure


def words(ja: str) -> dict[str, str]:
    return {"ja": ja, "en": ja}


def field(name: str, kind: str, role: str, required: bool = True, **more: Any) -> dict[str, Any]:
    told = {"name": name, "label": words(f"{name}欄"), "type": kind, "role": role, "required": required}
    return {**told, **more}


RELATIONS = [
    {"value": "child", "label": {"ja": "子", "en": "Child"}},
    {"value": "other", "label": {"ja": "その他", "en": "Other"}},
]


def pack_content(**changes: Any) -> dict[str, Any]:
    content: dict[str, Any] = {
        "id": "sample",
        "version": "1.0",
        "label": words("見本"),
        "roles": [
            {"name": "applicant", "label": words("申請者")},
            {"name": "child", "label": words("対象児童"), "max": 3, "subject": True},
        ],
        "fields": [
            field("name", "person_name", "applicant"),
            field("kana", "kana_name", "applicant"),
            field("birth", "date", "applicant", required=False),
            field("postal", "postal_code", "applicant", required=False),
            field("address", "address", "applicant", required=False),
            field("phone", "phone", "applicant", required=False),
            field("email", "email", "applicant", required=False),
            field("account", "digits", "applicant", required=False, digits=[7, 8]),
            field("holder", "kana_name", "applicant", required=False),
            field("income", "money", "applicant", required=False),
            field("memo", "text", "applicant", required=False),
            field("by_agent", "checkbox", "applicant", required=False),
            field("consent", "checkbox", "applicant"),
            field("child_name", "person_name", "child"),
            field("child_birth", "date", "child"),
            field("child_relation", "choice", "child", choices=RELATIONS),
            field("child_lives", "checkbox", "child", required=False),
        ],
        "attachments": [
            {
                "kind": "identity",
                "label": words("本人確認書類"),
                "accepted": [],
                "deficiency": words("写しを"),
            },
            {
                "kind": "mandate",
                "label": words("委任状"),
                "accepted": [],
                "when": "by_agent",
                "deficiency": words("委任状を"),
            },
        ],
        "checks": [
            check("consent_missing", "must_be_true", "consent"),
            check("too_old", "age_between", "child_birth", low=0, high=17),
            check("postal_address", "postal_matches_address", "postal", "address"),
            check("holder_differs", "kana_matches", "holder", "kana"),
            check("born_later", "date_not_after_receipt", "child_birth"),
            check("no_child", "any_subject"),
        ],
        "channels": [],
        "roster": {
            name: name
            for name in (
                "resident_number", "household_number", "name", "kana", "birth_date", "postal_code", "address",
            )
        },
        "matching": {
            "roles": [{"role": "child", "attributes": {"name": "child_name"}}],
            "subject_role": "child",
            "instance": "2026",
            "base_date": "2026-04-01",
        },
        "review": {"department": "kodomo"},
        "determination": {"granted": words("支給"), "refused": words("不支給"), "amount_yen": 1},
        "correction_letter": {"title": "補正", "opening": "次の点", "closing": "以上", "sender": "見本市"},
    }  # fmt: skip
    return {**content, **changes}


def check(code: str, kind: str, *fields: str, **more: Any) -> dict[str, Any]:
    return {"code": code, "kind": kind, "fields": list(fields), "message": words(code), **more}


def make_pack(**changes: Any) -> Procedure:
    return Procedure.model_validate(pack_content(**changes))
