"""Why persons are not merged, split or parted again, each with what to do instead."""

from __future__ import annotations

from pipeline.domain.errors import Impossible


class AlreadyMerged(Impossible):
    """One of the two is no living person, or they are one already."""

    code = "already_merged"
    ja = "この対象者はすでに統合されています。統合先の対象者で操作してください。"
    en = "This person was merged already. Please go on with the person they were merged into."


class KeepTheListed(Impossible):
    """Somebody who stands on a list would go into somebody whom only applications name."""

    code = "keep_the_listed"
    ja = "名簿にある対象者を残す側にしてください。"
    en = "Please keep the person who is on the list."


class BothHaveCases(Impossible):
    """Both have a case of the same procedure and instance: one of the two would be paid for nobody."""

    code = "both_have_cases"
    ja = (
        "両方に同じ手続・年度の案件があるため統合できません。残さない側の案件の申請を「審査に戻す」で戻し、"
        "残す側の対象者に紐付け直して重複を決めてから、もう一度統合してください。"
    )
    en = (
        "Both have a case of the same procedure and instance. Send the application of the one that goes back to "
        "review, link it to the person who stays, settle the duplicate, and merge again."
    )


class NamedTogether(Impossible):
    """One application names both as different people."""

    code = "named_together"
    ja = "一つの申請が両方を別々の人として挙げています(きょうだい・双子など)。先にその申請の紐付けを直してください。"
    en = "One application names both as different people, such as twins. Mend its links first."


class NothingToSplit(Impossible):
    """None of these links is this person's now."""

    code = "nothing_to_split"
    ja = "分けられる紐付けがありません。画面を開き直してください。"
    en = "There is no link to split off. Please open the page again."


class SplitTouchesCase(Impossible):
    """A case holds other applications too, which would stay behind."""

    code = "split_touches_case"
    ja = "同じ案件に、分けない申請も入っています。先にその申請を「審査に戻す」で戻してください。"
    en = "The case also holds an application that is not split off. Send that one back to review first."


class UndoLaterFirst(Impossible):
    """What was moved has been moved on since."""

    code = "undo_later_first"
    ja = "この後に行われた統合・分離があります。新しいものから順に取り消してください。"
    en = "There was a later merge or split of these people. Undo the latest first."


class UsedSince(Impossible):
    """Something new came in between, so that taking back would tear it apart."""

    code = "used_since"
    ja = "この後に別の申請が加わりました。先にその申請を「審査に戻す」で戻すか、紐付けを直してください。"
    en = "Another application came in since. Send it back to review or mend its link first."


class ErasedSince(Impossible):
    """The person's data were erased when their time was over."""

    code = "erased_since"
    ja = "対象者のデータは保存期間が過ぎて消去されています。"
    en = "This person's data were erased at the end of their retention."
