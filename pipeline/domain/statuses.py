"""The statuses of the nouns; words from docs/glossary.md."""

from __future__ import annotations

from enum import StrEnum


class Channel(StrEnum):
    """受付経路: how an application came, kept only to answer over the same one."""

    MAIL = "mail"
    COUNTER = "counter"
    BRANCH = "branch"
    DROP_BOX = "drop_box"
    ONLINE = "online"

    @property
    def is_paper(self) -> bool:
        """True for every channel that ends on the scanner."""
        return self is not Channel.ONLINE


class BatchStatus(StrEnum):
    """スキャン束."""

    RECEIVED = "received"  # files stored, not yet split into sheets
    SPLIT = "split"  # every page has a document or an exception
    CLOSED = "closed"  # counted and received sheets agree and a person closed it


class ArrivalStatus(StrEnum):
    """One scan file or one online record."""

    STORED = "stored"
    TAKEN = "taken"
    REPEATED = "repeated"  # 重複到着: the same bytes, or the same receipt number, came before
    REFUSED = "refused"  # a named exception stands on someone's screen
    PARKED = "parked"  # processing it failed again and again: an operator looks


class PageFate(StrEnum):
    """What became of a sheet side."""

    PENDING = "pending"
    IN_DOCUMENT = "in_document"
    BLANK = "blank"
    SEPARATOR = "separator"
    UNREADABLE = "unreadable"
    ORPHAN_PAGE = "orphan_page"  # page 2 without its page 1
    CONFLICTING_CODES = "conflicting_codes"
    RESCAN = "rescan"
    REJECTED = "rejected"

    @property
    def is_exception(self) -> bool:
        """True when the page is accounted for without being in a document."""
        return self not in (PageFate.PENDING, PageFate.IN_DOCUMENT)


class DocumentKind(StrEnum):
    """書類."""

    FORM = "form"
    ATTACHMENT = "attachment"
    UNKNOWN_FORM = "unknown_form"
    LETTER = "letter"  # one of ours that came back


class SubmissionStatus(StrEnum):
    """申請: how far along the path it is."""

    RECEIVED = "received"
    READ = "read"
    CHECKED = "checked"
    MATCHED = "matched"
    IN_REVIEW = "in_review"
    ACCEPTED = "accepted"  # a clerk decided; its entries go to their cases next
    AWAITING_CORRECTION = "awaiting_correction"
    SETTLED = "settled"
    ENDED = "ended"


class EntryStatus(StrEnum):
    """申請明細."""

    IN_PROGRESS = "in_progress"
    IN_REVIEW = "in_review"
    IN_CASE = "in_case"
    ENDED = "ended"


class EndReason(StrEnum):
    """Why an entry ended without a case."""

    WITHDRAWN = "withdrawn"  # 取下げ
    REJECTED = "rejected"  # 却下
    REFERRED = "referred"  # 他課回付
    OUT_OF_SCOPE = "out_of_scope"  # 対象外


class Origin(StrEnum):
    """Where a field's value comes from."""

    OCR = "ocr"
    APPLICANT = "applicant"
    CLERK = "clerk"


class LinkStatus(StrEnum):
    """紐付け. Links are never deleted: a later one supersedes, a clerk undoes."""

    PROPOSED = "proposed"
    AUTO = "auto"
    CONFIRMED = "confirmed"
    UNDONE = "undone"

    @property
    def is_active(self) -> bool:
        """True when the link says who it is."""
        return self in (LinkStatus.AUTO, LinkStatus.CONFIRMED)


class Verdict(StrEnum):
    """What a clerk decided of who a role is; kept for learning."""

    SAME = "same"
    NOT_SAME = "not_same"
    NEW = "new"
    LET_STAND = "let_stand"  # accepted with the link that was made automatically


class WeightsOrigin(StrEnum):
    """Where weights of matching come from."""

    SHIPPED = "shipped"
    RETRAINED = "retrained"
    IMPORTED = "imported"


class TraceKind(StrEnum):
    """What applications of strangers should not have in common."""

    ACCOUNT = "account"  # 振込先口座
    FILE = "file"  # the same bytes
    LOOK = "look"  # a picture that looks the same


class RegroupingKind(StrEnum):
    """Who is who, said anew of persons of the store."""

    MERGE = "merge"  # 統合
    SPLIT = "split"  # 分離


class CaseStatus(StrEnum):
    """案件."""

    OPEN = "open"
    EXAMINED = "examined"  # 審査済: it waits to be drafted
    DRAFTED = "drafted"  # 起案中: frozen in a draft
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class TaskKind(StrEnum):
    """確認作業. `MAILROOM` tasks are about sheets and files, `INTAKE` about a submission."""

    INTAKE = "intake"
    MAILROOM = "mailroom"


class TaskStatus(StrEnum):
    """Open tasks may carry a lease; done ones keep their history."""

    OPEN = "open"
    DONE = "done"


class ReasonCode(StrEnum):
    """要確認理由: our doubt. `detail` says which field, which check, which other submission."""

    UNKNOWN_FORM = "unknown_form"
    ATTACHMENT_UNCLEAR = "attachment_unclear"
    RESUBMITTED = "resubmitted"
    FIELD_DOUBTFUL = "field_doubtful"
    FIELD_INVALID = "field_invalid"
    CHECK_FAILED = "check_failed"
    PERSON_UNCLEAR = "person_unclear"
    NOT_ON_ROSTER = "not_on_roster"
    REFERENCE_CONTRADICTED = "reference_contradicted"
    NOT_ELIGIBLE = "not_eligible"
    NOT_LISTED_THEN = "not_listed_then"  # on the list, but not on its reference date
    MEMBER_UNCLEAR = "member_unclear"  # the household is known, which of its people is not
    MOVED_OUT = "moved_out"
    DECEASED = "deceased"
    ALREADY_PAID = "already_paid"
    ALREADY_APPLIED = "already_applied"
    DUPLICATE = "duplicate"
    OTHER_APPLICANT = "other_applicant"  # a duplicate that somebody else sent in: the other parent
    SAME_ACCOUNT = "same_account"
    SAME_PICTURE = "same_picture"
    PAID_ELSEWHERE = "paid_elsewhere"
    RECEIPT_CHANGED = "receipt_changed"
    PAGE_MISSING = "page_missing"
    FILE_REFUSED = "file_refused"
    SHEETS_DISAGREE = "sheets_disagree"
    READING_FAILED = "reading_failed"
    NOT_STRAIGHT_THROUGH = "not_straight_through"
    PROCESSING_FAILED = "processing_failed"
    REOPENED = "reopened"


class DecisionKind(StrEnum):
    """確認結果: what a clerk did."""

    ACCEPT = "accept"
    CORRECT_FIELD = "correct_field"
    ACCEPT_FIELD = "accept_field"
    SAME_PERSON = "same_person"
    NOT_SAME_PERSON = "not_same_person"
    NEW_PERSON = "new_person"
    SAME_HOUSEHOLD = "same_household"
    NOT_SAME_HOUSEHOLD = "not_same_household"
    ADOPT = "adopt"
    KEEP_EARLIER = "keep_earlier"
    REQUEST_CORRECTION = "request_correction"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    REFER = "refer"
    RELEASE = "release"
    REOPEN = "reopen"
    UNDO_LINK = "undo_link"
    CLOSE = "close"
    SETTLE_DOUBT = "settle_doubt"


class StaffRole(StrEnum):
    """What a member of staff may do, in a department and for its procedures."""

    REVIEWER = "reviewer"
    MAILROOM = "mailroom"
    APPROVER = "approver"  # 決裁権者
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"


class Outcome(StrEnum):
    """決定 that a draft asks for."""

    GRANT = "grant"
    REFUSE = "refuse"


class DraftStatus(StrEnum):
    """起案."""

    CIRCULATING = "circulating"  # 回議中
    APPROVED = "approved"  # 決裁済
    RETURNED = "returned"  # 差戻し
    WITHDRAWN = "withdrawn"


class ApprovalKind(StrEnum):
    """What a superior did with a draft."""

    APPROVE = "approve"
    RETURN = "return"


class OutboundKind(StrEnum):
    """連携."""

    CORRECTION_LETTER = "correction_letter"
    CASE_EXPORT = "case_export"
    STATUS_EVENT = "status_event"  # a webhook to the system that sent the application


class OutboundStatus(StrEnum):
    """Delivered at least once, with the same idempotency key."""

    DUE = "due"
    READY = "ready"  # made; people take it from here
    SENT = "sent"
    FAILED = "failed"  # its last attempt failed; on the operators' screen
    ABANDONED = "abandoned"  # 取りやめ: an operator gave it up


class HoldReason(StrEnum):
    """Why something is kept although its retention is over."""

    APPEAL = "appeal"  # 審査請求
    LAWSUIT = "lawsuit"  # 訴訟
    DISCLOSURE = "disclosure"  # 開示請求
    INSPECTION = "inspection"  # 監査・会計検査


class RosterMarkKind(StrEnum):
    """What a list says of a person beside that they stand on it."""

    MOVED_OUT = "moved_out"  # 転出
    DECEASED = "deceased"  # 死亡
    PAID = "paid"  # 支給済
    APPLIED = "applied"  # 申請済, at another window than ours


class RosterProblemCode(StrEnum):
    """What is wrong with a line of a list."""

    NO_NUMBER = "no_number"
    NO_NAME = "no_name"
    NO_TEXT = "no_text"  # a character that no database keeps
    NUMBER_TWICE = "number_twice"  # the number of an earlier line, with other facts
    UNREADABLE_DATE = "unreadable_date"
    UNKNOWN_STATE = "unknown_state"  # a word that the pack does not explain

    @property
    def left_out(self) -> bool:
        """True when the line was not taken; else only the cell to blame was left empty."""
        return self not in (RosterProblemCode.UNREADABLE_DATE, RosterProblemCode.UNKNOWN_STATE)
