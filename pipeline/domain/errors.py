"""What stops a use case, by name.

DomainError
├── NotVisible      what was asked for does not exist for this person (404)
├── NotAllowed      the role may not do this (403)
├── Conflict        somebody else was faster; look again (409)
│   └── LeaseLost   the task is in other hands by now
└── Impossible      the thing asked for makes no sense in this state (422)
"""

from __future__ import annotations


class DomainError(Exception):
    """Base: `code` is stable, `ja` and `en` say what happened and what to do next. Never holds values from forms."""

    code = "domain_error"
    ja = "処理できませんでした。画面を開き直してください。"
    en = "This could not be done. Please open the page again."

    def __init__(self, ja: str | None = None, en: str | None = None, code: str | None = None) -> None:
        self.code = code or self.code
        self.ja = ja or self.ja
        self.en = en or self.en
        super().__init__(self.code)


class NotVisible(DomainError):
    """It does not exist, or not for this person; the two must look alike."""

    code = "not_found"
    ja = "見つかりません。担当者が確認中の場合は表示されません。"
    en = "Not found, or not shown to you."


class NotAllowed(DomainError):
    """The person's role does not include this."""

    code = "not_allowed"
    ja = "この操作を行う権限がありません。"
    en = "Your role does not allow this."


class Conflict(DomainError):
    """The state changed between looking and acting."""

    code = "conflict"
    ja = "ほかの人が先に変更しました。最新の内容を確認してください。"
    en = "Somebody changed this meanwhile. Please look at it again."


class LeaseLost(Conflict):
    """The task is no longer in this person's hands."""

    code = "lease_lost"
    ja = "この作業はほかの人が担当しています。"
    en = "Somebody else is working on this task."


class Impossible(DomainError):
    """The request does not fit the state."""

    code = "impossible"
    ja = "いまの状態ではこの操作はできません。"
    en = "This is not possible in the present state."
