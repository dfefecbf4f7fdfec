"""The checks of a pack, the same on every channel; pure.

Besides what the pack declares, checks are generated: `required` and `digit_count` from the fields,
`attachment_*` from the attachments, and `invalid_value` for what was given and has no normal form. A field of
a repeated role is asked for only where anything of that index was given.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import zen

from japan.kana import kana_key
from japan.postal import agrees
from pipeline.procedures.ages import age_on
from pipeline.procedures.facts import facts_of, given_rows
from pipeline.procedures.pack import (
    AttachmentSpec,
    CheckKind,
    CheckSpec,
    FieldSpec,
    FieldType,
    Label,
    Procedure,
    field_key,
)
from pipeline.procedures.values import FALSE, TRUE

UNCLASSIFIED = "attachment"
"""Kind of an attachment that nobody has looked at yet."""


@dataclass(frozen=True)
class CheckFinding:
    """A check that found something.

    code: stable; with `fields` it is unique among a submission's findings.
    fields: field keys it speaks of; () when it is about the whole.
    message: for staff. deficiency: what the applicant is asked to mend, or None when it is our doubt only.
    """

    code: str
    fields: tuple[str, ...]
    message: Label
    deficiency: Label | None = None


@dataclass(frozen=True)
class _Given:
    """What a submission says, as the checks ask it."""

    procedure: Procedure
    values: Mapping[str, str]
    problems: Mapping[str, str]
    received_on: date

    def has(self, key: str) -> bool:
        return bool(self.values.get(key)) or key in self.problems

    def indices(self, role_name: str) -> tuple[int, ...]:
        """Indices of a role that are there: 0 where it does not repeat, else those with anything given."""
        role = self.procedure.role(role_name)
        if role.max <= 1:
            return (0,)
        return tuple(index for index in range(1, role.max + 1) if self.any_given(role_name, index))

    def any_given(self, role_name: str, index: int) -> bool:
        """Whether any field of this role and index says something; an empty tick box says nothing."""
        keys = (field_key(spec.name, index) for spec in self.procedure.fields if spec.role == role_name)
        return any(self.has(key) and self.values.get(key) != FALSE for key in keys)


def run_checks(
    procedure: Procedure,
    values: Mapping[str, str],
    received_on: date,
    attachments: Collection[str],
    problems: Mapping[str, str] | None = None,
) -> tuple[CheckFinding, ...]:
    """Everything the checks find, generated ones first, in the order of the pack.

    values: field key -> normal form. received_on: 収受日 or day of arrival.
    attachments: kinds that came with it; while one is UNCLASSIFIED, a missing one is only a doubt.
    problems: field key -> why a given value has no normal form.
    """
    given = _Given(procedure, values, problems or {}, received_on)
    found = [*_field_findings(given), *_attachment_findings(given, attachments)]
    for check in procedure.checks:
        found.extend(_DECLARED[check.kind](check, given) if check.kind in _DECLARED else ())
    return tuple(found)


def describe_field(procedure: Procedure, key: str) -> Label:
    """The field's name for people, with whose it is where its role repeats (対象児童2人目の「児童氏名」)."""
    name, _, index = key.partition(".")
    spec = procedure.field(name)
    if not index:
        return Label(ja=f"「{spec.label.ja}」", en=spec.label.en)
    role = procedure.role(spec.role)
    return Label(ja=f"{role.label.ja}{index}人目の「{spec.label.ja}」", en=f"{spec.label.en} ({index})")


def _field_findings(given: _Given) -> Iterator[CheckFinding]:
    declared = (check for check in given.procedure.checks if check.kind is CheckKind.MUST_BE_TRUE)
    ticked = {name for check in declared for name in check.fields}
    for spec in given.procedure.fields:
        for index in given.indices(spec.role):
            key = field_key(spec.name, index)
            words = describe_field(given.procedure, key)
            if key in given.problems:
                yield _invalid(key, words)
            elif spec.required and spec.name not in ticked and _is_missing(spec, given, key):
                yield _missing(spec, key, words)
            elif spec.digits and given.values.get(key) and len(given.values[key]) not in spec.digits:
                yield _wrong_count(spec, key, words)


def _is_missing(spec: FieldSpec, given: _Given, key: str) -> bool:
    if spec.type is FieldType.CHECKBOX:
        return given.values.get(key) != TRUE
    return not given.has(key)


def _invalid(key: str, words: Label) -> CheckFinding:
    return CheckFinding(
        "invalid_value",
        (key,),
        Label(ja=f"{words.ja}の値を解釈できません。", en=f"{words.en}: the value makes no sense."),
        Label(ja=f"{words.ja}を確認のうえ、正しく記入してください。", en=f"Please correct: {words.en}."),
    )


def _missing(spec: FieldSpec, key: str, words: Label) -> CheckFinding:
    asked = {FieldType.CHOICE: "選んでください。", FieldType.CHECKBOX: "確認し、印を付けてください。"}
    return CheckFinding(
        "required",
        (key,),
        Label(ja=f"{words.ja}が記入されていません。", en=f"{words.en} is missing."),
        Label(
            ja=f"{words.ja}を{asked.get(spec.type, '記入してください。')}",
            en=f"Please enter: {words.en}.",
        ),
    )


def _wrong_count(spec: FieldSpec, key: str, words: Label) -> CheckFinding:
    ja = "または".join(f"{count}桁" for count in spec.digits)
    en = " or ".join(str(count) for count in spec.digits)
    return CheckFinding(
        "digit_count",
        (key,),
        Label(ja=f"{words.ja}の桁数が違います({ja})。", en=f"{words.en} must have {en} digits."),
        Label(ja=f"{words.ja}は{ja}で記入してください。", en=f"Please enter {words.en} with {en} digits."),
    )


def _attachment_findings(given: _Given, attachments: Collection[str]) -> Iterator[CheckFinding]:
    for spec in given.procedure.attachments:
        if spec.kind in attachments or not _is_needed(spec, given):
            continue
        if UNCLASSIFIED in attachments:
            message = Label(
                ja=f"{spec.label.ja}があるか、種類未確認の添付書類を確かめてください。",
                en=f"Look whether an unsorted attachment is the {spec.label.en}.",
            )
            yield CheckFinding(f"attachment_{spec.kind}", (), message)
        else:
            message = Label(ja=f"{spec.label.ja}がありません。", en=f"{spec.label.en} is missing.")
            yield CheckFinding(f"attachment_{spec.kind}", (), message, spec.deficiency)


def _is_needed(spec: AttachmentSpec, given: _Given) -> bool:
    return spec.required if spec.when is None else given.values.get(spec.when) == TRUE


def _finding(check: CheckSpec, keys: tuple[str, ...]) -> CheckFinding:
    return CheckFinding(check.code, keys, check.message, check.deficiency)


def _key_groups(check: CheckSpec, given: _Given) -> Iterator[tuple[str, ...]]:
    """The check's fields as keys: once, or once for each given index where one of them repeats."""
    specs = [given.procedure.field(name) for name in check.fields]
    repeated = [spec for spec in specs if given.procedure.role(spec.role).max > 1]
    for index in given.indices(repeated[0].role) if repeated else (0,):
        yield tuple(field_key(spec.name, index if spec in repeated else 0) for spec in specs)


def _each(fails: Callable[[CheckSpec, _Given, list[str]], bool]) -> _Check:
    """A check that is asked only where all of its fields have a value; `required` speaks of the others."""

    def run(check: CheckSpec, given: _Given) -> Iterator[CheckFinding]:
        for keys in _key_groups(check, given):
            texts = [given.values.get(key, "") for key in keys]
            if all(texts) and fails(check, given, texts):
                yield _finding(check, keys)

    return run


def _must_be_true(check: CheckSpec, given: _Given) -> Iterator[CheckFinding]:
    for keys in _key_groups(check, given):
        if any(given.values.get(key) != TRUE and key not in given.problems for key in keys):
            yield _finding(check, keys)


def _any_subject(check: CheckSpec, given: _Given) -> Iterator[CheckFinding]:
    role = given.procedure.role(given.procedure.matching.subject_role)
    indices = range(1, role.max + 1) if role.max > 1 else (0,)
    if not any(given.any_given(role.name, index) for index in indices):
        yield _finding(check, ())


def _rule(check: CheckSpec, given: _Given) -> Iterator[CheckFinding]:
    """Where the pack's expression holds; once for each row or subject that its fields tell apart."""
    subject_role = given.procedure.matching.subject_role
    subjects = given_rows(given.procedure, given.values, subject_role) or (0,)
    if check.of and check.of != subject_role:
        places = [(subjects[0], row) for row in given_rows(given.procedure, given.values, check.of)]
    else:
        places = [(subject, subject) for subject in subjects]
    found = {
        _keys_at(check, given.procedure, subject, row): None
        for subject, row in places
        if _holds(check, given, subject, row)
    }
    for keys in found:
        yield _finding(check, keys)


def _keys_at(check: CheckSpec, procedure: Procedure, subject: int, row: int) -> tuple[str, ...]:
    places = {procedure.matching.subject_role: subject} | ({check.of: row} if check.of else {})
    return tuple(field_key(name, places.get(procedure.field(name).role, 0)) for name in check.fields)


def _holds(check: CheckSpec, given: _Given, subject: int, row: int) -> bool:
    facts = facts_of(given.procedure, given.values, subject, check.of, row)
    try:
        return zen.evaluate_expression(check.when or "false", facts) is True
    except RuntimeError:  # something it reckons with is missing, of which `required` speaks
        return False


def _age_outside(check: CheckSpec, given: _Given, texts: list[str]) -> bool:
    age = age_on(date.fromisoformat(texts[0]), date.fromisoformat(given.procedure.matching.base_date))
    return (check.low is not None and age < check.low) or (check.high is not None and age > check.high)


def _postal_disagrees(check: CheckSpec, given: _Given, texts: list[str]) -> bool:
    return agrees(texts[0], texts[1]) is False


def _kana_differ(check: CheckSpec, given: _Given, texts: list[str]) -> bool:
    return kana_key(texts[0]) != kana_key(texts[1])


def _after_receipt(check: CheckSpec, given: _Given, texts: list[str]) -> bool:
    return date.fromisoformat(texts[0]) > given.received_on


_Check = Callable[[CheckSpec, _Given], Iterator[CheckFinding]]
_DECLARED: Mapping[CheckKind, _Check] = {
    CheckKind.MUST_BE_TRUE: _must_be_true,
    CheckKind.ANY_SUBJECT: _any_subject,
    CheckKind.RULE: _rule,
    CheckKind.AGE_BETWEEN: _each(_age_outside),
    CheckKind.POSTAL_MATCHES_ADDRESS: _each(_postal_disagrees),
    CheckKind.KANA_MATCHES: _each(_kana_differ),
    CheckKind.DATE_NOT_AFTER_RECEIPT: _each(_after_receipt),
}
