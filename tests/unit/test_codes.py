import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.procedures.codes import (
    CaseCode,
    FormCode,
    SeparatorCode,
    case_code,
    form_code,
    parse_code,
    separator_code,
)

identifiers = st.from_regex(r"[a-z][a-z0-9_]{0,15}", fullmatch=True)
references = st.none() | st.from_regex(r"[0-9]{6,12}", fullmatch=True)


@given(identifiers, identifiers, st.integers(1, 9999), st.integers(1, 999), references)
def test_a_form_code_is_read_back(procedure: str, form: str, revision: int, page: int, reference: str | None) -> None:
    text = form_code(procedure, form, revision, page, reference)
    assert parse_code(text) == FormCode(procedure, form, revision, page, reference)


@pytest.mark.parametrize("kind", [None, "identity"])
def test_a_separator_code_is_read_back(kind: str | None) -> None:
    assert parse_code(separator_code(kind)) == SeparatorCode(kind)


def test_a_case_code_is_read_back() -> None:
    assert parse_code(case_code("01J9-ab")) == CaseCode("01J9-ab")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://example.com/",
        "IM1",
        "IM1:F:a:b:1",
        "IM1:F:a:b:x:1",
        "IM2:S",
        "IM1:S:",
        "IM1:S\n",
        "xIM1:S",
    ],
)
def test_other_codes_are_not_ours(text: str) -> None:
    assert parse_code(text) is None


def test_a_part_that_would_break_the_code_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot carry"):
        form_code("child:benefit", "application", 1, 1)
