"""What can be wrong with a file that arrives: each has a stable code and says what happened and what to do.

| class                | code                 | what happened                                     |
|----------------------|----------------------|---------------------------------------------------|
| ArrivalError         | –                    | base of all; never raised itself                  |
| · EmptyFile          | empty_file           | not one byte                                      |
| · DamagedFile        | damaged_file         | the content breaks off or cannot be read          |
| ·· TruncatedPdf      | truncated_pdf        | a PDF without its end                             |
| · EncryptedPdf       | encrypted_pdf        | a PDF behind a password                           |
| · UnsupportedType    | unsupported_type     | a type that nobody here reads                     |
| ·· NotWhatItSays     | not_what_it_says     | the name says one type, the content is another    |
| · PictureTooLarge    | picture_too_large    | more pixels than any scan has                     |
| · NotAPage           | not_a_page           | a speck or a thread, of a size no sheet has       |
| · SizeTooLarge       | size_too_large       | more bytes than such a file may have              |
| · TooManyPages       | too_many_pages       | more pages than one batch may have                |
| · UnreadablePageError| unreadable_page      | one page of a file; the others go on              |
| · BrokeReader        | broke_reader         | reading it went wrong in a way nobody foresaw     |
| ·· TooSlowToRead     | too_slow_to_read     | reading it took longer than any honest file takes |
| ·· TooBigToRead      | too_big_to_read      | reading it took more memory than a child may have |
| · ErasedBefore       | erased_before        | this very file came before and was erased since   |
| · ProcessingFailed   | processing_failed    | it failed again and again, and an operator refused it |
| · SlipError          | malformed_slip       | the batch slip (batch.yaml) cannot be used        |
| · ExportError        | malformed_export     | an e-application export is no table of records    |
| ·· WrongEncoding     | wrong_encoding       | the text is in no encoding that the pack declares |
| ·· MissingColumn     | missing_column       | a column or path that the pack maps is not there  |

Errors never hold values: not the content of a form, not the name of a file. `detail` holds column headers,
limits and counts only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Advice:
    """What staff read: what happened and what to do next, in one language."""

    happened: str
    do_next: str

    def __str__(self) -> str:
        return f"{self.happened} {self.do_next}"


class ArrivalError(Exception):
    """A named reason why a file, or a part of it, cannot be taken in as it is.

    detail: column headers, limits or counts; never a value from a form.
    """

    code: ClassVar[str] = "arrival_error"
    ja: ClassVar[Advice]
    en: ClassVar[Advice]

    def __init__(self, detail: str = "") -> None:
        self.detail = detail
        super().__init__(f"{self.code}: {detail}" if detail else self.code)

    @property
    def message_ja(self) -> str:
        """The words for staff in Japanese, with the detail in brackets where there is one."""
        return f"{self.ja.happened}{self._bracketed('（{}）')}{self.ja.do_next}"

    @property
    def message_en(self) -> str:
        """The words for staff in English, with the detail in brackets where there is one."""
        return f"{self.en.happened}{self._bracketed(' ({})')} {self.en.do_next}"

    def _bracketed(self, frame: str) -> str:
        return frame.format(self.detail) if self.detail else ""


class EmptyFile(ArrivalError):
    code = "empty_file"
    ja = Advice(
        "ファイルの中身が空です。",
        "スキャナーまたは送信元でもう一度作成し、入れ直してください。",
    )
    en = Advice("The file is empty.", "Make it again at the scanner or sender, and put it in again.")


class DamagedFile(ArrivalError):
    code = "damaged_file"
    ja = Advice(
        "ファイルが壊れていて開けません。",
        "原本からもう一度スキャンし、入れ直してください。",
    )
    en = Advice(
        "The file is damaged and cannot be opened.",
        "Scan the originals again, and put the file in again.",
    )


class TruncatedPdf(DamagedFile):
    code = "truncated_pdf"
    ja = Advice(
        "PDFが途中で切れています。",
        "転送が終わってから入れ直すか、原本からもう一度スキャンしてください。",
    )
    en = Advice(
        "The PDF breaks off.",
        "Put it in again once its transfer has ended, or scan the originals again.",
    )


class EncryptedPdf(ArrivalError):
    code = "encrypted_pdf"
    ja = Advice(
        "PDFにパスワードが掛かっています。",
        "パスワードを外して保存し直したものを入れてください。",
    )
    en = Advice(
        "The PDF is protected by a password.",
        "Save it without the password and put that file in.",
    )


class UnsupportedType(ArrivalError):
    code = "unsupported_type"
    ja = Advice(
        "読み取れない種類のファイルです。",
        "PDF、TIFF、JPEG、PNGのいずれかで入れ直してください。",
    )
    en = Advice("Files of this type are not read.", "Put it in as PDF, TIFF, JPEG or PNG.")


class NotWhatItSays(UnsupportedType):
    code = "not_what_it_says"
    ja = Advice(
        "ファイルの名前と中身の種類が違います。",
        "開かずに送信元を確かめ、正しいファイルを入れ直してください。",
    )
    en = Advice(
        "The file's name says one type, its content is another.",
        "Do not open it; ask where it came from and put the right file in.",
    )


class PictureTooLarge(ArrivalError):
    code = "picture_too_large"
    ja = Advice(
        "画像の画素数が上限を超えています。",
        "解像度を300dpi程度に下げてスキャンし直してください。",
    )
    en = Advice("The picture has more pixels than allowed.", "Scan again at about 300 dpi.")


class NotAPage(ArrivalError):
    code = "not_a_page"
    ja = Advice(
        "画像の大きさが書類の頁ではありません(小さすぎる、または細長すぎます)。",
        "正しいファイルかどうかを確かめ、原本からスキャンし直してください。",
    )
    en = Advice(
        "The picture has not the size of a page: it is far too small or too thin.",
        "Check that it is the right file, or scan the originals again.",
    )


class SizeTooLarge(ArrivalError):
    code = "size_too_large"
    ja = Advice(
        "ファイルの大きさが上限を超えています。",
        "分けて作り直してください。",
    )
    en = Advice("The file has more bytes than allowed.", "Make it again in parts.")


class TooManyPages(ArrivalError):
    code = "too_many_pages"
    ja = Advice(
        "頁数が上限を超えています。",
        "束を分けてスキャンし直してください。",
    )
    en = Advice("There are more pages than allowed.", "Divide the batch and scan it in parts.")


class UnreadablePageError(ArrivalError):
    code = "unreadable_page"
    ja = Advice(
        "この頁だけ読み取れません。",
        "該当する原本をもう一度スキャンしてください。",
    )
    en = Advice("This one page cannot be read.", "Scan that sheet again.")


class BrokeReader(ArrivalError):
    code = "broke_reader"
    ja = Advice(
        "ファイルを開く処理が異常終了しました。通常のファイルでは起こりません。",
        "開かずに送信元を確かめ、原本から作り直して入れてください。",
    )
    en = Advice(
        "Opening the file went wrong in a way that no sound file causes.",
        "Do not open it; ask where it came from, make it anew from the originals and put that in.",
    )


class TooSlowToRead(BrokeReader):
    code = "too_slow_to_read"
    ja = Advice(
        "ファイルを開く処理が制限時間内に終わりませんでした。",
        "開かずに送信元を確かめ、束を分けるか、原本から作り直して入れてください。",
    )
    en = Advice(
        "Opening the file took longer than allowed.",
        "Do not open it; ask where it came from, and divide it or make it anew from the originals.",
    )


class TooBigToRead(BrokeReader):
    code = "too_big_to_read"
    ja = Advice(
        "ファイルを開くために上限を超えるメモリーが必要です。",
        "解像度を300dpi程度に下げるか、束を分けて作り直してください。",
    )
    en = Advice(
        "Opening the file needs more memory than allowed.",
        "Make it again at about 300 dpi, or in parts.",
    )


class ErasedBefore(ArrivalError):
    code = "erased_before"
    ja = Advice(
        "このファイルは以前に受け付け、保存期間が過ぎたため消去しました。",
        "何も受け付けていません。手元のファイルも文書管理規程に従って廃棄してください。",
    )
    en = Advice(
        "This file was received before, and erased when its retention was over.",
        "Nothing was received. Dispose of your copy too, as the rules on records say.",
    )


class SlipError(ArrivalError):
    code = "malformed_slip"
    ja = Advice(
        "束の添え状(batch.yaml)が正しくありません。",
        "示された項目を直してください。束はそれまで取り込みません。",
    )
    en = Advice(
        "The batch slip (batch.yaml) is not valid.",
        "Mend the items named; the batch waits until then.",
    )


class ProcessingFailed(ArrivalError):
    code = "processing_failed"
    ja = Advice(
        "このファイルの処理はくり返し失敗しました。",
        "原本を再スキャンするか、送信元に別の形式での再送を頼んでください。",
    )
    en = Advice(
        "Processing this file failed again and again.",
        "Scan the original again, or ask the sender for another format.",
    )


class ExportError(ArrivalError):
    code = "malformed_export"
    ja = Advice(
        "申請データの形式が正しくありません。",
        "送信元の出力設定を確かめ、出力し直してください。",
    )
    en = Advice("The export is not a table of records.", "Check the sender's settings and export again.")


class WrongEncoding(ExportError):
    code = "wrong_encoding"
    ja = Advice(
        "申請データの文字コードが手続の設定と違います。",
        "UTF-8またはShift_JIS(CP932)で出力し直してください。",
    )
    en = Advice(
        "The export is in no encoding the procedure declares.",
        "Export again in UTF-8 or CP932.",
    )


class MissingColumn(ExportError):
    code = "missing_column"
    ja = Advice(
        "申請データに必要な列がありません。",
        "列の見出しを確かめるか、手続の設定を直してください。",
    )
    en = Advice(
        "The export lacks a column that is needed.",
        "Check the headers or mend the procedure's mapping.",
    )


def find_error_class(code: str) -> type[ArrivalError] | None:
    """The class whose code this is, for the words of a stored exception; None when there is none."""
    waiting: list[type[ArrivalError]] = [ArrivalError]
    while waiting:
        found = waiting.pop()
        if found.code == code:
            return found
        waiting.extend(found.__subclasses__())
    return None
