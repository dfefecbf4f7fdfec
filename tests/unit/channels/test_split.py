"""Every page of a batch ends in exactly one document or one exception, and nobody gets another's papers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.channels.split import PageFacts, split_batch
from pipeline.domain.statuses import DocumentKind
from pipeline.procedures.codes import CaseCode, FormCode, SeparatorCode

SEPARATOR = SeparatorCode()


def form(page: int = 1, reference: str | None = None, form_id: str = "application") -> FormCode:
    return FormCode("child_benefit", form_id, 1, page, reference)


def facts(*kinds: object) -> list[PageFacts]:
    """Pages by what is on them: a code, None for a page with nothing known, "blank", or an error's code."""
    made = []
    for position, kind in enumerate(kinds):
        if kind is None:
            made.append(PageFacts(position))
        elif kind == "blank":
            made.append(PageFacts(position, blank=True))
        elif isinstance(kind, str):
            made.append(PageFacts(position, unreadable=kind))
        else:
            made.append(PageFacts(position, codes=(kind,)))  # type: ignore[arg-type]
    return made


def shape(*kinds: object) -> tuple[list[tuple[int, str, tuple[int, ...]]], list[tuple[int, str]]]:
    split = split_batch(facts(*kinds))
    documents = [(d.envelope, str(d.kind), d.positions) for d in split.documents]
    return documents, [(e.position, e.code) for e in split.exceptions]


def test_two_envelopes_without_separators() -> None:
    documents, exceptions = shape(form(), None, form(), form(2), None)
    assert documents == [
        (0, "form", (0,)),
        (0, "attachment", (1,)),
        (1, "form", (2, 3)),
        (1, "attachment", (4,)),
    ]
    assert exceptions == []


def test_a_separator_ends_the_envelope_and_what_follows_is_an_unknown_form() -> None:
    documents, exceptions = shape(form(), SEPARATOR, None, None)
    assert documents == [(0, "form", (0,)), (1, "unknown_form", (2,)), (1, "attachment", (3,))]
    assert exceptions == [(1, "separator")]


def test_page_two_joins_after_its_blank_back_and_attachments() -> None:
    documents, exceptions = shape(form(), "blank", None, form(2), "blank")
    assert documents == [(0, "form", (0, 3)), (0, "attachment", (2,))]
    assert exceptions == [(1, "blank"), (4, "blank")]


def test_a_page_two_of_someone_else_is_an_orphan_and_its_papers_go_to_nobody_known() -> None:
    documents, exceptions = shape(form(1, "A1"), form(2, "B2"), None)
    assert documents == [(0, "form", (0,)), (1, "unknown_form", (2,))]
    assert exceptions == [(1, "orphan_page")]


def test_the_same_page_again_is_an_orphan() -> None:
    assert shape(form(), form(2), form(2))[1] == [(2, "orphan_page")]


def test_a_separator_with_a_kind_gathers_the_next_pages_as_that_attachment() -> None:
    split = split_batch(facts(form(), SeparatorCode("identity"), None, None, SeparatorCode("account"), None))
    assert [(d.kind, d.attachment_kind, d.positions) for d in split.documents[1:]] == [
        (DocumentKind.ATTACHMENT, "identity", (2, 3)),
        (DocumentKind.ATTACHMENT, "account", (5,)),
    ]


def test_a_letter_that_came_back_leads_its_envelope() -> None:
    split = split_batch(facts(form(), CaseCode("c7"), CaseCode("c7"), form(), None, CaseCode("c8")))
    assert [(d.envelope, d.kind, d.positions, d.case_id) for d in split.documents] == [
        (0, DocumentKind.FORM, (0,), None),
        (1, DocumentKind.LETTER, (1, 2), "c7"),
        (1, DocumentKind.FORM, (3,), None),
        (1, DocumentKind.ATTACHMENT, (4,), None),
        (2, DocumentKind.LETTER, (5,), "c8"),
    ]


def test_what_follows_an_unreadable_page_is_marked() -> None:
    split = split_batch(facts(form(), "damaged_file", None, form(), None))
    assert [(d.kind, d.after_gap) for d in split.documents] == [
        (DocumentKind.FORM, False),
        (DocumentKind.ATTACHMENT, True),
        (DocumentKind.FORM, False),
        (DocumentKind.ATTACHMENT, False),
    ]
    assert [(e.position, e.code) for e in split.exceptions] == [(1, "damaged_file")]


def test_two_forms_on_one_page_are_nobodys() -> None:
    page = PageFacts(1, codes=(form(1, "A1"), form(1, "B2")))
    split = split_batch([*facts(form(1, "A1")), page, PageFacts(2)])
    assert [(e.position, e.code) for e in split.exceptions] == [(1, "conflicting_codes")]
    assert split.documents[1].kind is DocumentKind.UNKNOWN_FORM


def test_a_form_found_by_its_layout_counts_where_no_code_was_read() -> None:
    split = split_batch([PageFacts(0, form_page=form()), PageFacts(1, form_page=form(2))])
    assert [(d.kind, d.positions, d.page_numbers) for d in split.documents] == [(DocumentKind.FORM, (0, 1), (1, 2))]


def test_a_separator_counts_though_its_sheet_is_nearly_blank() -> None:
    split = split_batch([PageFacts(0, codes=(SEPARATOR,), blank=True)])
    assert [e.code for e in split.exceptions] == ["separator"]


CODES = st.one_of(
    st.builds(
        FormCode,
        st.just("child_benefit"),
        st.sampled_from(["application", "confirmation"]),
        st.just(1),
        st.integers(1, 3),
        st.sampled_from([None, "A1", "B2"]),
    ),
    st.builds(SeparatorCode, st.sampled_from([None, "identity"])),
    st.builds(CaseCode, st.sampled_from(["c1", "c2"])),
)
PAGES = st.lists(
    st.builds(
        lambda codes, blank, unreadable, found: (tuple(codes), blank, unreadable, found),
        st.lists(CODES, max_size=2),
        st.booleans(),
        st.sampled_from([None, None, None, "damaged_file"]),
        st.sampled_from([None, form(), form(2)]),
    ),
    max_size=40,
)


@given(PAGES)
def test_pages_received_are_pages_in_documents_plus_exceptions(
    pages: list[tuple[tuple[FormCode | SeparatorCode | CaseCode, ...], bool, str | None, FormCode | None]],
) -> None:
    split = split_batch(PageFacts(position, *page) for position, page in enumerate(pages))
    placed = [position for document in split.documents for position in document.positions]
    aside = [exception.position for exception in split.exceptions]
    assert sorted(placed + aside) == list(range(len(pages)))


@given(PAGES)
def test_an_envelope_holds_pages_of_one_form_filling_at_most(
    pages: list[tuple[tuple[FormCode | SeparatorCode | CaseCode, ...], bool, str | None, FormCode | None]],
) -> None:
    split = split_batch(PageFacts(position, *page) for position, page in enumerate(pages))
    for envelope in split.envelopes():
        forms = [d for d in envelope if d.kind is DocumentKind.FORM]
        assert len(forms) <= 1
        for document in forms:
            assert document.page_numbers[0] == 1
            assert len(set(document.page_numbers)) == len(document.positions)
    assert [e[0].envelope for e in split.envelopes()] == list(range(len(split.envelopes())))
