"""A batch's pages to documents and envelopes; pure.

Every page ends in exactly one document or one named exception. The rules, in the order they are asked:

1. It cannot be read: exception with its code. What follows may belong to a lost first page: it is marked.
2. Two forms at once on its codes: exception `conflicting_codes`; the envelope ends.
3. A separator: exception `separator`. Plain, it ends the envelope; with a kind, the next pages are that
   attachment.
4. A letter of ours that came back: starts an envelope of that case; its further pages join it.
5. Page 1 of a form: starts an envelope, unless it directly follows a letter of ours: they came together.
6. Page 2 and on: joins the open form when it is that form's and not there yet. Else exception `orphan_page`,
   and the envelope ends, since what follows may be another applicant's papers.
7. Blank: exception `blank`, the back of a sheet. Asked after the codes, since a separator is nearly blank.
8. Anything else: an attachment of the open envelope, or the start of an envelope of unknown form.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.domain.statuses import DocumentKind
from pipeline.procedures.codes import CaseCode, FormCode, SeparatorCode

Code = FormCode | SeparatorCode | CaseCode


class SplitException(StrEnum):
    """Names of pages that belong to no document. An unreadable page carries its own code instead."""

    BLANK = "blank"
    SEPARATOR = "separator"
    ORPHAN_PAGE = "orphan_page"
    CONFLICTING_CODES = "conflicting_codes"


@dataclass(frozen=True)
class PageFacts:
    """What was found on one page of a batch.

    position: 0-based place in the batch.
    codes: our codes on it, parsed. blank: nothing is written on it. unreadable: an error's code.
    form_page: which form page it is where that was found without a code (by its markers and layout).
    """

    position: int
    codes: tuple[Code, ...] = ()
    blank: bool = False
    unreadable: str | None = None
    form_page: FormCode | None = None


@dataclass(frozen=True)
class DocumentPlan:
    """Pages that are one document.

    envelope: 0-based; documents of one envelope are one submission.
    positions: the pages, in batch order. page_numbers: for a form, the form's page of each position.
    form: the form's first page seen, with its reference number; None for all but forms.
    attachment_kind: from a separator sheet that named one; None when the reader must find out.
    case_id: for a letter of ours that came back.
    after_gap: a page before it in the envelope could not be read.
    """

    envelope: int
    kind: DocumentKind
    positions: tuple[int, ...]
    page_numbers: tuple[int, ...] = ()
    form: FormCode | None = None
    attachment_kind: str | None = None
    case_id: str | None = None
    after_gap: bool = False


@dataclass(frozen=True)
class PageException:
    """A page that is in no document, and why."""

    position: int
    code: str


@dataclass(frozen=True)
class BatchSplit:
    """All pages of a batch: each in one document or one exception. Both in batch order."""

    documents: tuple[DocumentPlan, ...]
    exceptions: tuple[PageException, ...]

    def envelopes(self) -> tuple[tuple[DocumentPlan, ...], ...]:
        """The documents by envelope, in order."""
        groups: dict[int, list[DocumentPlan]] = {}
        for document in self.documents:
            groups.setdefault(document.envelope, []).append(document)
        return tuple(tuple(group) for group in groups.values())


def split_batch(pages: Iterable[PageFacts]) -> BatchSplit:
    """The documents and exceptions of a batch, by the rules above."""
    table = _Table()
    for page in pages:
        table.put(page)
    documents = tuple(
        DocumentPlan(
            sheet.envelope,
            sheet.kind,
            tuple(sheet.positions),
            tuple(sheet.page_numbers),
            sheet.form,
            sheet.attachment_kind,
            sheet.case_id,
            sheet.after_gap,
        )
        for sheet in table.sheets
    )
    return BatchSplit(documents, tuple(table.exceptions))


@dataclass
class _Sheets:
    """A document while it is put together."""

    envelope: int
    kind: DocumentKind
    positions: list[int]
    page_numbers: list[int] = field(default_factory=list)
    form: FormCode | None = None
    attachment_kind: str | None = None
    case_id: str | None = None
    after_gap: bool = False


class _Table:
    """The sorting table: what lies open on it, and what has been put aside."""

    def __init__(self) -> None:
        self.sheets: list[_Sheets] = []
        self.exceptions: list[PageException] = []
        self._envelopes = 0
        self._is_open = False
        self._gap = False
        self._kind_ahead: str | None = None
        self._collecting: _Sheets | None = None

    def put(self, page: PageFacts) -> None:
        forms = _forms_of(page)
        separators = [code for code in page.codes if isinstance(code, SeparatorCode)]
        cases = [code for code in page.codes if isinstance(code, CaseCode)]
        if page.unreadable is not None:
            self._set_aside(page, page.unreadable)
            self._gap = True
        elif len(forms) > 1 or (forms and separators):
            self._set_aside(page, SplitException.CONFLICTING_CODES)
            self._close()
        elif separators:
            self._separate(page, separators[0])
        elif forms:
            self._put_form(page, forms[0])
        elif cases:
            self._put_letter(page, cases[0])
        elif page.blank:
            self._set_aside(page, SplitException.BLANK)
        else:
            self._put_other(page)

    def _set_aside(self, page: PageFacts, code: str) -> None:
        self.exceptions.append(PageException(page.position, str(code)))

    def _close(self) -> None:
        self._is_open, self._gap = False, False
        self._kind_ahead, self._collecting = None, None

    def _separate(self, page: PageFacts, code: SeparatorCode) -> None:
        self._set_aside(page, SplitException.SEPARATOR)
        if code.attachment_kind is None:
            self._close()
        self._kind_ahead, self._collecting = code.attachment_kind, None

    def _put_letter(self, page: PageFacts, code: CaseCode) -> None:
        last = self.sheets[-1] if self._is_open else None
        if last is not None and last.kind is DocumentKind.LETTER and last.case_id == code.case_id:
            last.positions.append(page.position)
            last.after_gap |= self._gap
        else:
            self._start(DocumentKind.LETTER, page).case_id = code.case_id

    def _put_form(self, page: PageFacts, code: FormCode) -> None:
        self._kind_ahead, self._collecting = None, None
        if code.page == 1:
            self._start_form(page, code)
            return
        open_form = self._open_form()
        if open_form is None or open_form.form is None or not _continues(open_form, code):
            self._set_aside(page, SplitException.ORPHAN_PAGE)
            self._close()
            return
        open_form.positions.append(page.position)
        open_form.page_numbers.append(code.page)
        open_form.after_gap |= self._gap

    def _start_form(self, page: PageFacts, code: FormCode) -> None:
        last = self.sheets[-1] if self._is_open else None
        with_letter = last is not None and last.kind is DocumentKind.LETTER
        started = self._add(DocumentKind.FORM, page) if with_letter else self._start(DocumentKind.FORM, page)
        started.form = code
        started.page_numbers.append(code.page)

    def _put_other(self, page: PageFacts) -> None:
        if self._collecting is not None:
            self._collecting.positions.append(page.position)
            self._collecting.after_gap |= self._gap
        elif self._is_open:
            added = self._add(DocumentKind.ATTACHMENT, page)
            added.attachment_kind = self._kind_ahead
            self._collecting = added if self._kind_ahead else None
        else:
            self._start(DocumentKind.UNKNOWN_FORM, page)

    def _start(self, kind: DocumentKind, page: PageFacts) -> _Sheets:
        # A page lost just before matters where the first page is not a clear beginning of its own.
        gap = self._gap and kind is DocumentKind.UNKNOWN_FORM
        self._close()
        self._is_open, self._gap = True, gap
        self._envelopes += 1
        return self._add(kind, page)

    def _add(self, kind: DocumentKind, page: PageFacts) -> _Sheets:
        sheets = _Sheets(self._envelopes - 1, kind, [page.position], after_gap=self._gap)
        self.sheets.append(sheets)
        return sheets

    def _open_form(self) -> _Sheets | None:
        for sheets in reversed(self.sheets if self._is_open else []):
            if sheets.envelope != self._envelopes - 1:
                return None
            if sheets.kind is DocumentKind.FORM:
                return sheets
        return None


def _forms_of(page: PageFacts) -> list[FormCode]:
    """The different form pages its codes name; found by layout only where no code says anything."""
    named = list(dict.fromkeys(code for code in page.codes if isinstance(code, FormCode)))
    if not named and not page.codes and page.form_page is not None:
        return [page.form_page]
    return named


def _continues(open_form: _Sheets, code: FormCode) -> bool:
    first = open_form.form
    if first is None or code.page in open_form.page_numbers:
        return False
    same_form = (first.procedure_id, first.form_id, first.revision) == (
        code.procedure_id,
        code.form_id,
        code.revision,
    )
    references = {first.reference_number, code.reference_number} - {None}
    return same_form and len(references) <= 1
