"""The words of the screens that stand for codes, Japanese and English side by side.

Words that belong to one page stand in its template, both languages in one call: `t("確認作業", "Review")`.
"""

from __future__ import annotations

from typing import NamedTuple

from pipeline.channels.errors import ArrivalError
from pipeline.domain.next_step import Step
from pipeline.domain.statuses import (
    ApprovalKind,
    BatchStatus,
    CaseStatus,
    Channel,
    DecisionKind,
    DocumentKind,
    DraftStatus,
    EndReason,
    EntryStatus,
    LinkStatus,
    Origin,
    OutboundKind,
    OutboundStatus,
    PageFate,
    ReasonCode,
    RegroupingKind,
    RosterMarkKind,
    StaffRole,
    SubmissionStatus,
    TaskKind,
    Verdict,
    WeightsOrigin,
)
from pipeline.steps.due import About
from pipeline.steps.erasure.blockers import Blocker


class Pair(NamedTuple):
    """One thing in both languages."""

    ja: str
    en: str


CHANNEL = {
    Channel.MAIL: Pair("郵送", "Mail"),
    Channel.COUNTER: Pair("窓口", "Counter"),
    Channel.BRANCH: Pair("支所", "Branch"),
    Channel.DROP_BOX: Pair("投函", "Drop box"),
    Channel.ONLINE: Pair("電子", "Online"),
}
REASON = {
    ReasonCode.UNKNOWN_FORM: Pair("様式が不明", "Unknown form"),
    ReasonCode.ATTACHMENT_UNCLEAR: Pair("添付の種類が不明", "Paper of unknown kind"),
    ReasonCode.ATTACHMENT_UNCLEAR: Pair("添付の種類が不明", "Unknown paper"),
    ReasonCode.RESUBMITTED: Pair("補正の戻り", "Came back"),
    ReasonCode.FIELD_DOUBTFUL: Pair("読取が不確か", "Doubtful reading"),
    ReasonCode.FIELD_INVALID: Pair("値が不正", "Invalid value"),
    ReasonCode.CHECK_FAILED: Pair("点検で不一致", "Check failed"),
    ReasonCode.PERSON_UNCLEAR: Pair("対象者が不明確", "Person unclear"),
    ReasonCode.NOT_ON_ROSTER: Pair("名簿にない", "Not on the roster"),
    ReasonCode.REFERENCE_CONTRADICTED: Pair("整理番号と相違", "Contradicts its reference"),
    ReasonCode.NOT_ELIGIBLE: Pair("対象外の疑い", "May not be eligible"),
    ReasonCode.NOT_LISTED_THEN: Pair("基準日に名簿にない", "Not listed on that day"),
    ReasonCode.MEMBER_UNCLEAR: Pair("世帯は判明・本人が不明確", "Household known, person not"),
    ReasonCode.MOVED_OUT: Pair("転出者", "Moved out"),
    ReasonCode.DECEASED: Pair("死亡者", "Deceased"),
    ReasonCode.ALREADY_PAID: Pair("支給済", "Already paid"),
    ReasonCode.ALREADY_APPLIED: Pair("申請済(名簿)", "Already applied (list)"),
    ReasonCode.DUPLICATE: Pair("重複の疑い", "Possible duplicate"),
    ReasonCode.OTHER_APPLICANT: Pair("別の申請者からも申請", "Another applicant too"),
    ReasonCode.SAME_ACCOUNT: Pair("他の世帯と同じ口座", "Account of another household"),
    ReasonCode.SAME_PICTURE: Pair("他の申請と同じ画像", "Picture of another application"),
    ReasonCode.PAID_ELSEWHERE: Pair("併給できない手続の案件", "Excluded by another case"),
    ReasonCode.RECEIPT_CHANGED: Pair("同じ受付番号で別内容", "Same receipt, other content"),
    ReasonCode.PAGE_MISSING: Pair("頁が不足", "Page missing"),
    ReasonCode.FILE_REFUSED: Pair("開けないファイル", "File refused"),
    ReasonCode.SHEETS_DISAGREE: Pair("枚数が不一致", "Sheets disagree"),
    ReasonCode.READING_FAILED: Pair("読取できず", "Reading failed"),
    ReasonCode.NOT_STRAIGHT_THROUGH: Pair("人の確認が必要", "Needs a person"),
    ReasonCode.PROCESSING_FAILED: Pair("処理に失敗", "Processing failed"),
    ReasonCode.REOPENED: Pair("審査に戻した", "Sent back to review"),
}
SETTLES = {
    ReasonCode.UNKNOWN_FORM: Pair(
        "画像を見て項目を入力するか、他課回付を選びます。", "Enter the fields from the picture, or refer it."
    ),
    ReasonCode.ATTACHMENT_UNCLEAR: Pair(
        "添付の画像を見て、何の書類かを選びます。", "Look at the paper and say what it is."
    ),
    ReasonCode.ATTACHMENT_UNCLEAR: Pair(
        "別の申請や別の人の書類が混ざっていないか、画像で確かめます。",
        "Look whether another form or somebody else's paper got in.",
    ),
    ReasonCode.RESUBMITTED: Pair(
        "補正の返送です。依頼した事項が直ったか確かめます。", "Check whether what was asked for is mended."
    ),
    ReasonCode.FIELD_DOUBTFUL: Pair(
        "印の付いた項目を画像と見比べ、確定するか直します。", "Compare the marked fields with the ink."
    ),
    ReasonCode.FIELD_INVALID: Pair(
        "印の付いた項目を直します。読めなければ補正を依頼します。",
        "Mend the marked fields or ask the applicant.",
    ),
    ReasonCode.CHECK_FAILED: Pair(
        "値を直すと消えます。申請者の誤りなら補正を依頼します。", "Mend the value, or ask the applicant."
    ),
    ReasonCode.PERSON_UNCLEAR: Pair("本人の候補から選びます。", "Choose among the candidates."),
    ReasonCode.NOT_ON_ROSTER: Pair(
        "候補を確かめ、いなければ「新しい人」とします。", "Check the candidates, else say it is a new person."
    ),
    ReasonCode.REFERENCE_CONTRADICTED: Pair(
        "印字の整理番号と記入された氏名・生年月日を見比べます。",
        "Compare the printed reference with the name.",
    ),
    ReasonCode.NOT_ELIGIBLE: Pair("名簿の対象区分を確かめます。", "Check the roster."),
    ReasonCode.NOT_LISTED_THEN: Pair(
        "名簿の有効期間が基準日を含みません。転入・転出の日を確かめます。",
        "The list does not hold for this person on the reference date. Check when they moved.",
    ),
    ReasonCode.MEMBER_UNCLEAR: Pair(
        "世帯員から選ぶか、いなければ「新しい人」とします。",
        "Choose among the household, else say it is a new person.",
    ),
    ReasonCode.MOVED_OUT: Pair(
        "名簿に基準日以前の転出とあります。対象になるか住民記録で確かめます。",
        "The list says moved out by the reference date. Check the register.",
    ),
    ReasonCode.DECEASED: Pair(
        "名簿に死亡とあります。受理するときは根拠を書きます。",
        "The list says deceased. To accept, write down on what ground.",
    ),
    ReasonCode.ALREADY_PAID: Pair(
        "名簿に支給済とあります。二重支給でないことを確かめ、受理するときは根拠を書きます。",
        "The list says paid. Make sure that it is not paid twice; to accept, write down on what ground.",
    ),
    ReasonCode.ALREADY_APPLIED: Pair(
        "名簿に申請済とあります。別の窓口の申請を確かめます。",
        "The list says that an application was made elsewhere. Look at that one.",
    ),
    ReasonCode.DUPLICATE: Pair("どちらを採用するか選びます。", "Say which one is adopted."),
    ReasonCode.OTHER_APPLICANT: Pair(
        "同じ対象者について別の人(もう一方の親など)も申請しています。どちらを採用するか選びます。",
        "Somebody else, such as the other parent, has applied for the same subject. Say which one is adopted.",
    ),
    ReasonCode.SAME_ACCOUNT: Pair(
        "口座名義と両方の申請を見比べ、差し支えなければ「問題なし」とします。受理しても確認済みになります。",
        "Compare the account holder and both applications; say that it is all right, or accept.",
    ),
    ReasonCode.SAME_PICTURE: Pair(
        "両方の画像を見比べ、誰の書類かを確かめます。本人のものでなければ補正を依頼します。",
        "Compare both pictures and see whose paper it is; ask for another one where it is somebody else's.",
    ),
    ReasonCode.PAID_ELSEWHERE: Pair(
        "併給できない手続の案件を確かめます。差し支えなければ「問題なし」とします。",
        "Look at the case of the procedure that excludes this one; say that it is all right, or refuse.",
    ),
    ReasonCode.RECEIPT_CHANGED: Pair("先の申請と見比べます。", "Compare with the earlier one."),
    ReasonCode.PAGE_MISSING: Pair("束の中の位置で紙を探し、再スキャンします。", "Find the sheet, scan it again."),
    ReasonCode.FILE_REFUSED: Pair("原本を再スキャンするか、再送を頼みます。", "Scan again or have it sent again."),
    ReasonCode.SHEETS_DISAGREE: Pair("紙を数え直します。", "Count the sheets again."),
    ReasonCode.READING_FAILED: Pair("画像を見て項目を入力します。", "Enter the fields from the picture."),
    ReasonCode.NOT_STRAIGHT_THROUGH: Pair("内容を確かめて受理します。", "Look it over and accept it."),
    ReasonCode.REOPENED: Pair(
        "戻した理由を履歴で確かめ、決定し直します。", "See in the history why, and decide again."
    ),
    ReasonCode.PROCESSING_FAILED: Pair(
        "運用担当が「運用」画面で再処理します。急ぐときは画像を見て項目を入力します。",
        "An operator tries it again on the Operations page. If it is urgent, enter the fields from the picture.",
    ),
}
SUBMISSION_STATUS = {
    SubmissionStatus.RECEIVED: Pair("受付済", "Received"),
    SubmissionStatus.READ: Pair("読取済", "Read"),
    SubmissionStatus.CHECKED: Pair("点検済", "Checked"),
    SubmissionStatus.MATCHED: Pair("照合済", "Matched"),
    SubmissionStatus.IN_REVIEW: Pair("確認待ち", "In review"),
    SubmissionStatus.ACCEPTED: Pair("受理", "Accepted"),
    SubmissionStatus.AWAITING_CORRECTION: Pair("補正待ち", "Awaiting correction"),
    SubmissionStatus.SETTLED: Pair("案件へ登録済", "In its case"),
    SubmissionStatus.ENDED: Pair("終了", "Ended"),
}
ENTRY_STATUS = {
    EntryStatus.IN_PROGRESS: Pair("処理中", "In progress"),
    EntryStatus.IN_REVIEW: Pair("確認待ち", "In review"),
    EntryStatus.IN_CASE: Pair("案件へ登録済", "In its case"),
    EntryStatus.ENDED: Pair("終了", "Ended"),
}
END_REASON = {
    EndReason.WITHDRAWN: Pair("取下げ", "Withdrawn"),
    EndReason.REJECTED: Pair("却下", "Rejected"),
    EndReason.REFERRED: Pair("他課回付", "Referred"),
    EndReason.OUT_OF_SCOPE: Pair("対象外", "Out of scope"),
}
CASE_STATUS = {
    CaseStatus.OPEN: Pair("審査中", "Open"),
    CaseStatus.EXAMINED: Pair("審査済・起案待ち", "Examined, to be drafted"),
    CaseStatus.DRAFTED: Pair("起案中", "In a draft"),
    CaseStatus.GRANTED: Pair("支給決定", "Granted"),
    CaseStatus.REFUSED: Pair("不支給決定", "Refused"),
    CaseStatus.WITHDRAWN: Pair("取下げ", "Withdrawn"),
}
DRAFT_STATUS = {
    DraftStatus.CIRCULATING: Pair("回議中", "Circulating"),
    DraftStatus.APPROVED: Pair("決裁済", "Approved"),
    DraftStatus.RETURNED: Pair("差戻し", "Returned"),
    DraftStatus.WITHDRAWN: Pair("引戻し", "Withdrawn"),
}
APPROVAL_KIND = {
    ApprovalKind.APPROVE: Pair("決裁", "Approved"),
    ApprovalKind.RETURN: Pair("差戻し", "Returned"),
}
LINK_STATUS = {
    LinkStatus.PROPOSED: Pair("提案", "Proposed"),
    LinkStatus.AUTO: Pair("自動で紐付け", "Linked automatically"),
    LinkStatus.CONFIRMED: Pair("職員が確認", "Confirmed by staff"),
    LinkStatus.UNDONE: Pair("取消済", "Undone"),
}
FATE = {
    PageFate.PENDING: Pair("処理待ち", "Pending"),
    PageFate.IN_DOCUMENT: Pair("書類", "In a document"),
    PageFate.BLANK: Pair("空白", "Blank"),
    PageFate.SEPARATOR: Pair("仕切り", "Separator"),
    PageFate.UNREADABLE: Pair("読めない", "Unreadable"),
    PageFate.ORPHAN_PAGE: Pair("続きの頁のみ", "Without its first page"),
    PageFate.CONFLICTING_CODES: Pair("コードが食い違う", "Codes disagree"),
    PageFate.RESCAN: Pair("要再スキャン", "Scan again"),
    PageFate.REJECTED: Pair("除外", "Rejected"),
}
DOCUMENT = {
    DocumentKind.FORM: Pair("申請書", "Form"),
    DocumentKind.ATTACHMENT: Pair("添付", "Attachment"),
    DocumentKind.UNKNOWN_FORM: Pair("様式不明", "Unknown form"),
    DocumentKind.LETTER: Pair("補正の返送", "Returned letter"),
}
BATCH_STATUS = {
    BatchStatus.RECEIVED: Pair("仕分け前", "Being split"),
    BatchStatus.SPLIT: Pair("仕分け済", "Split"),
    BatchStatus.CLOSED: Pair("締め済", "Closed"),
}
OUTBOUND_STATUS = {
    OutboundStatus.DUE: Pair("作成待ち", "Due"),
    OutboundStatus.READY: Pair("作成済", "Ready"),
    OutboundStatus.SENT: Pair("送信済", "Sent"),
    OutboundStatus.FAILED: Pair("失敗", "Failed"),
    OutboundStatus.ABANDONED: Pair("取りやめ", "Given up"),
}
ROLE = {
    StaffRole.REVIEWER: Pair("審査", "Reviewer"),
    StaffRole.MAILROOM: Pair("受付・スキャン", "Mailroom"),
    StaffRole.APPROVER: Pair("決裁", "Approver"),
    StaffRole.OPERATOR: Pair("運用", "Operator"),
    StaffRole.ADMINISTRATOR: Pair("職員の管理", "Administrator"),
}
TASK_KIND = {
    TaskKind.INTAKE: Pair("申請の確認", "Application"),
    TaskKind.MAILROOM: Pair("紙・ファイルの確認", "Sheets and files"),
}
ORIGIN = {
    Origin.OCR: Pair("読取", "Read"),
    Origin.APPLICANT: Pair("申請者入力", "Typed by applicant"),
    Origin.CLERK: Pair("職員入力", "Entered by staff"),
}
DECISION = {
    DecisionKind.ACCEPT: Pair("受理した", "Accepted"),
    DecisionKind.CORRECT_FIELD: Pair("項目を直した", "Corrected a field"),
    DecisionKind.ACCEPT_FIELD: Pair("項目を確定した", "Accepted a field"),
    DecisionKind.SAME_PERSON: Pair("同じ人とした", "Said: the same person"),
    DecisionKind.NOT_SAME_PERSON: Pair("別の人とした", "Said: not the same person"),
    DecisionKind.NEW_PERSON: Pair("新しい人とした", "Said: a new person"),
    DecisionKind.SAME_HOUSEHOLD: Pair("この世帯とした", "Said: this household"),
    DecisionKind.NOT_SAME_HOUSEHOLD: Pair("この世帯ではないとした", "Said: not this household"),
    DecisionKind.ADOPT: Pair("この申請を採用した", "Adopted this application"),
    DecisionKind.KEEP_EARLIER: Pair("先の申請を残した", "Kept the earlier one"),
    DecisionKind.REQUEST_CORRECTION: Pair("補正を依頼した", "Asked for correction"),
    DecisionKind.REJECT: Pair("却下と判断した", "Found: to be rejected"),
    DecisionKind.WITHDRAW: Pair("取下げとした", "Withdrawn"),
    DecisionKind.REFER: Pair("他課へ回付した", "Referred"),
    DecisionKind.RELEASE: Pair("手放した", "Released"),
    DecisionKind.REOPEN: Pair("審査に戻した", "Sent back to review"),
    DecisionKind.UNDO_LINK: Pair("紐付けを取り消した", "Undid the link"),
    DecisionKind.CLOSE: Pair("処理済みとした", "Closed"),
    DecisionKind.SETTLE_DOUBT: Pair("問題なしとした", "Said: all right"),
}
EVENT = {
    "submission_received": Pair("申請が届いた", "Application received"),
    "submission_read": Pair("読み取った", "Read"),
    "submission_matched": Pair("対象者と照合した", "Matched with the roster"),
    "submission_in_review": Pair("人の確認に回した", "Sent to review"),
    "submission_adopted": Pair("採用された", "Adopted"),
    "submission_reopened": Pair("審査に戻した", "Sent back to review"),
    "submission_settled": Pair("案件へ登録した", "Entered in its case"),
    "submission_withdrawn": Pair("取下げで終了した", "Ended: withdrawn"),
    "submission_rejected": Pair("却下で終了した", "Ended: rejected"),
    "submission_referred": Pair("他課回付で終了した", "Ended: referred"),
    "submission_out_of_scope": Pair("対象外で終了した", "Ended: out of scope"),
    "submission_erased": Pair("保存期間が満了し消去した", "Erased: its retention was over"),
    "correction_requested": Pair("補正を依頼した", "Asked for correction"),
    "case_opened": Pair("案件を開いた", "Case opened"),
    "case_examined": Pair("審査を終えた", "Examined"),
    "case_drafted": Pair("起案された", "Put into a draft"),
    "case_released": Pair("起案から戻った", "Came back from its draft"),
    "staff_added": Pair("職員を登録した", "Account added"),
    "staff_granted": Pair("権限を付けた", "Right given"),
    "staff_revoked": Pair("権限を外した", "Right taken away"),
    "staff_sees_protected": Pair("支援措置対象者を見られるようにした", "May see protected persons"),
    "staff_sees_protected_no_more": Pair("支援措置対象者を見られなくした", "May no longer see protected persons"),
    "staff_closed": Pair("アカウントを閉じた", "Account closed"),
    "staff_reopened": Pair("アカウントを再び開いた", "Account opened again"),
    "staff_password_reset": Pair("パスワードを再設定した", "Password reset"),
    "staff_password_changed": Pair("パスワードを変更した", "Password changed"),
    "draft_made": Pair("起案した", "Drafted"),
    "draft_step_approve": Pair("決裁した", "Approved"),
    "draft_step_return": Pair("差し戻した", "Returned"),
    "draft_approved": Pair("決裁が済んだ", "Approval complete"),
    "draft_returned": Pair("差戻しで終わった", "Ended: returned"),
    "draft_withdrawn": Pair("引き戻した", "Withdrawn by the drafter"),
    "case_granted": Pair("支給を決定した", "Granted"),
    "case_refused": Pair("不支給を決定した", "Refused"),
    "case_withdrawn": Pair("取下げとなった", "Withdrawn"),
    "case_reopened": Pair("審査に戻した", "Sent back to review"),
    "task_opened": Pair("確認作業を開いた", "Task opened"),
    "task_claimed": Pair("担当した", "Claimed"),
    "task_released": Pair("手放した", "Released"),
    "task_closed": Pair("確認作業を終えた", "Task closed"),
}
EVIDENCE_FIELD = {
    "family": Pair("氏", "Family name"),
    "given": Pair("名", "Given name"),
    "kana_family": Pair("フリガナ(氏)", "Family reading"),
    "kana_given": Pair("フリガナ(名)", "Given reading"),
    "birth_date": Pair("生年月日", "Date of birth"),
    "sex": Pair("性別", "Sex"),
    "address": Pair("住所", "Address"),
    "postal_code": Pair("郵便番号", "Postal code"),
    "phone": Pair("電話番号", "Phone"),
    "email": Pair("メール", "E-mail"),
    "account": Pair("口座", "Account"),
    "household_number": Pair("世帯番号", "Household no."),
    "resident_number": Pair("宛名番号", "Resident no."),
    "reference_number": Pair("整理番号", "Reference no."),
    "ink_name": Pair("氏名の筆跡", "Name as written"),
    "ink_kana": Pair("フリガナの筆跡", "Kana as written"),
    "household_bound": Pair("世帯分の調整", "Household bound"),
    "total": Pair("計", "Total"),
}
DIFFERENCE = {
    "variant": Pair("異体字", "variant"),
    "interchanged": Pair("混用字", "interchanged"),
    "look_alike": Pair("似た字", "look-alike"),
    "misread": Pair("誤読か", "misread?"),
    "moved": Pair("転居か", "moved?"),
    "other": Pair("相違", "differs"),
}
ROSTER_MARK = {
    RosterMarkKind.MOVED_OUT: Pair("転出", "moved out"),
    RosterMarkKind.DECEASED: Pair("死亡", "deceased"),
    RosterMarkKind.PAID: Pair("支給済", "paid"),
    RosterMarkKind.APPLIED: Pair("申請済", "applied"),
}
REGROUPING = {
    RegroupingKind.MERGE: Pair("統合した", "merged"),
    RegroupingKind.SPLIT: Pair("分離した", "split"),
}
REASON_DAY = {
    ReasonCode.MOVED_OUT: Pair("転出日", "moved out"),
    ReasonCode.DECEASED: Pair("死亡日", "died"),
    ReasonCode.ALREADY_PAID: Pair("支給日", "paid"),
    ReasonCode.ALREADY_APPLIED: Pair("申請日", "applied"),
    ReasonCode.NOT_LISTED_THEN: Pair("名簿の有効日", "listed from or until"),
}
WEIGHTS_ORIGIN = {
    WeightsOrigin.SHIPPED: Pair("製品に付属", "Shipped"),
    WeightsOrigin.RETRAINED: Pair("職員の判断から学習", "Learned from staff"),
    WeightsOrigin.IMPORTED: Pair("ファイルから登録", "Imported"),
}
VERDICT = {
    Verdict.SAME: Pair("同じ人", "the same"),
    Verdict.NOT_SAME: Pair("別の人", "not the same"),
    Verdict.NEW: Pair("新しい人", "somebody new"),
    Verdict.LET_STAND: Pair("自動のまま受理", "link let stand"),
}
READING = {
    "low_confidence": Pair("読取に自信なし", "low confidence"),
    "not_a_date": Pair("暦にない日付", "not a date"),
    "bad_format": Pair("書式に合わない", "does not fit the format"),
    "several_marks": Pair("印が複数", "several marks"),
    "faint_mark": Pair("印が薄い", "faint mark"),
    "struck_out": Pair("訂正線あり", "struck out"),
    "overwritten": Pair("上書きあり", "written over"),
    "erased": Pair("消した跡あり", "rubbed out"),
    "nothing_above": Pair("上の行の値がない", "repeats a row without a value"),
    "pale": Pair("空欄と読んだが薄くて写っていないおそれ", "read as blank, but may be too pale to be seen"),
    "outside_box": Pair("枠の外に記入", "written outside the box"),
    "poor_registration": Pair("位置合わせが不確か", "page not well aligned"),
}
VALUE_PROBLEM = {
    "unreadable_date": Pair("日付として読めない", "no date"),
    "no_such_day": Pair("暦にない日付", "no such day"),
    "not_kana": Pair("カナでない文字がある", "not kana"),
    "not_postal_code": Pair("郵便番号でない", "no postal code"),
    "not_phone": Pair("電話番号でない", "no phone number"),
    "not_email": Pair("メールアドレスでない", "no e-mail address"),
    "not_digits": Pair("数字でない文字がある", "not digits"),
    "not_my_number": Pair("個人番号として読めない", "no My Number"),
    "not_time": Pair("時刻として読めない", "no time of day"),
    "not_money": Pair("金額でない", "no amount"),
    "unknown_choice": Pair("選択肢にない", "no such choice"),
    "unknown_tick": Pair("はい・いいえに読めない", "neither yes nor no"),
}
OUTBOUND_KIND = {
    OutboundKind.CORRECTION_LETTER: Pair("補正依頼の文書", "Letter asking for correction"),
    OutboundKind.CASE_EXPORT: Pair("決定案件の連携", "Export of decided cases"),
    OutboundKind.STATUS_EVENT: Pair("状況の通知", "Status event"),
}
DELIVERY_PROBLEM = {
    **{f"http_{status}": Pair(f"相手の応答 {status}", f"Answered {status}") for status in range(100, 600)},
    "http_410": Pair("通知先が廃止された(410)", "The address is gone (410)"),
    "webhook_timeout": Pair("相手の応答がない(時間切れ)", "No answer in time"),
    "webhook_unreachable": Pair("相手につながらない", "Cannot be reached"),
    "webhook_removed": Pair("通知先が設定されていない", "No address is set"),
    "FontError": Pair("文書の書体がない", "The letter's font is missing"),
}


def _arrival_problems(kind: type[ArrivalError] = ArrivalError) -> dict[str, Pair]:
    found: dict[str, Pair] = {}
    for error in kind.__subclasses__():
        found[error.code] = Pair(str(error.ja), str(error.en))
        found.update(_arrival_problems(error))
    return found


PROBLEM = {
    **_arrival_problems(),
    "missing_attachment": Pair("添付ファイルが届いていない", "The file did not come"),
    "not_inspected": Pair(
        "内容の確認中です。しばらくして開き直してください。", "Being looked into; please come back in a moment."
    ),
}


PARKED_ABOUT = {
    About.SUBMISSION: Pair("申請", "Application"),
    About.MATCH: Pair("申請", "Application"),
    About.BATCH: Pair("スキャン束のファイル", "Files of a batch"),
    About.EXPORT: Pair("申請データのファイル", "Export file"),
    About.OUTBOUND: Pair("連携", "Outbound"),
}
PARKED_STEP = {
    "intake": Pair("取込", "Intake"),
    Step.READ: Pair("読取", "Reading"),
    Step.CHECK: Pair("点検", "Checks"),
    Step.MATCH: Pair("照合", "Matching"),
    Step.ASSIGN: Pair("案件への登録", "Assignment"),
}


def pair_of(table: str, code: object) -> Pair:
    """The words for a code in one of the tables above; the bare code where a table has none."""
    words: Pair | None = globals()[table].get(code)
    return words or Pair(str(code), str(code))


BLOCKER = {
    Blocker.NOT_YET: Pair("保存期間内", "Within its retention"),
    Blocker.UNDER_WAY: Pair("手続きが終わっていない", "Not at its end"),
    Blocker.OPEN_TASK: Pair("確認作業が開いている", "A task is open"),
    Blocker.IN_DRAFT: Pair("起案の回議中", "In a circulating draft"),
    Blocker.HELD: Pair("保存延長中", "Held"),
    Blocker.UNDELIVERED: Pair("送信待ちがある", "Something waits to be delivered"),
    Blocker.CARRIER_OPEN: Pair("元のファイルの処理が終わっていない", "Its file is not worked off"),
    Blocker.ASKED_AGAIN: Pair("同じ対象者の申請を確認中", "Another application is in review"),
}
