"""Contradictions to look for."""

from __future__ import annotations

from enum import StrEnum

from pipeline.procedures.pack.base import Label, PackModel


class CheckKind(StrEnum):
    """The checks a pack may declare; each is a pure function in `pipeline.procedures.checks`."""

    REQUIRED = "required"  # generated from `required`, never declared
    DIGIT_COUNT = "digit_count"  # generated from `digits`
    MUST_BE_TRUE = "must_be_true"
    AGE_BETWEEN = "age_between"  # fields: (date,), years low..high on the instance's base date
    POSTAL_MATCHES_ADDRESS = "postal_matches_address"
    KANA_MATCHES = "kana_matches"  # fields: (holder kana, person kana)
    DATE_NOT_AFTER_RECEIPT = "date_not_after_receipt"
    ANY_SUBJECT = "any_subject"  # at least one subject entry
    RULE = "rule"  # `when`, an expression over the fields; `of` asks it of every row of that role
    ATTACHMENT = "attachment"  # generated from `attachments`


class CheckSpec(PackModel):
    """A contradiction to look for.

    message: what staff read.
    deficiency: what the applicant is asked to mend, or None when it is our doubt only.
    when, of: for kind `rule`, an expression in the ZEN language that is true where something is wrong, asked of
        every row of the role `of`, or of every subject where one of its fields is named, or once.
    """

    code: str
    kind: CheckKind
    fields: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None
    when: str | None = None
    of: str | None = None
    message: Label
    deficiency: Label | None = None
