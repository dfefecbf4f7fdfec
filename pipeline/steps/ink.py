"""The ink asked again: how well the pictures of a name say each of the candidates, for readings nobody confirmed."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session, col, select

from matchers.ink import INK_FIELDS, forms_of, likeliest
from ocr.asking import OpenPage, ask_field, open_page
from ocr.own import own_models
from pipeline.channels.paper import decode_page
from pipeline.domain.statuses import Origin
from pipeline.procedures.pack import MatchRole, Procedure
from pipeline.progress import tell_progress
from pipeline.runtime import Runtime
from pipeline.steps.evidence import read_evidence
from pipeline.steps.people import find_field
from pipeline.steps.questions import Question
from pipeline.steps.read import find_layout
from pipeline.steps.roles import RoleKey
from pipeline.store.blobs import BlobAltered, BlobMissing
from pipeline.store.tables import Candidate, Document, FieldValue, Page

log = logging.getLogger(__name__)

Ratios = dict[str, dict[str, float]]
"""Person -> picture ("name", "kana") -> log2 of how likely the ink says the person, over what is read freely."""


@dataclass
class Pictures:
    """The pages of one submission, each decoded and registered once, when it is first asked.

    pages: by id, those that bear readings which nobody confirmed. asked: what the ink said before, by role.
    """

    runtime: Runtime
    pack: Procedure
    pages: Mapping[str, tuple[Document, Page]]
    asked: Mapping[RoleKey, Ratios]
    _opened: dict[str, OpenPage | None] = field(default_factory=dict)

    def ask(self, fields: Mapping[str, FieldValue], question: Question, people: Sequence[str], role: RoleKey) -> Ratios:
        """What the ink says of these people. fields: by picture, the readings to ask; see `unconfirmed`.

        What was asked of a role before is not asked again: the ink stays as it is.
        """
        known = {id: self.asked.get(role, {}).get(id, {}) for id in people}
        found: Ratios = {id: {} for id in people}
        for picture, row in fields.items():
            if all(picture in known[id] for id in people[:_REMEMBERED]):
                ratios = {id: known[id][picture] for id in people if picture in known[id]}
            else:
                ratios = self._ratios(picture, row, question, people)
            for id, ratio in ratios.items():
                found[id][picture] = ratio
        return {id: ratios for id, ratios in found.items() if ratios}

    def _ratios(self, picture: str, row: FieldValue, question: Question, people: Sequence[str]) -> dict[str, float]:
        page = self._page(row.page_id or "")
        forms = {id: [form for one in question.forms(id) for form in forms_of(one, picture)] for id in people}
        texts = [form for own in forms.values() for form in own]
        if page is None:
            return {}
        scores = ask_field(page, row.key, texts, self.runtime.recogniser, own_models())
        if scores is None:
            return {}
        each = iter(scores)
        return {id: likeliest([next(each) for _ in own]) for id, own in forms.items() if own}

    def _page(self, page_id: str) -> OpenPage | None:
        if page_id not in self._opened:
            self._opened[page_id] = self._open(page_id)
        return self._opened[page_id]

    def _open(self, page_id: str) -> OpenPage | None:
        if page_id not in self.pages:
            return None
        document, page = self.pages[page_id]
        layout = find_layout(self.pack, document, page)
        if layout is None or page.blob is None:
            return None
        tell_progress()
        try:
            data = self.runtime.blobs.get(page.blob)
        except (BlobMissing, BlobAltered):
            log.warning("a page cannot be asked again: its picture is lost")  # the audit names it
            return None
        return open_page(decode_page(data), layout)


_REMEMBERED = 5
"""So many of the likeliest must be known of before for a picture not to be opened again; the store keeps no more."""


def find_pictures(
    runtime: Runtime, session: Session, submission_id: str, pack: Procedure, values: Mapping[str, FieldValue]
) -> Pictures:
    """The pictures of a submission; of what came online there are none."""
    page_ids = {row.page_id for row in values.values() if row.page_id and _is_unconfirmed(row)}
    if not page_ids:
        return Pictures(runtime, pack, {}, {})
    rows = session.exec(
        select(Document, Page)
        .join(Page, col(Page.document_id) == Document.id)
        .where(col(Page.id).in_(page_ids), col(Page.blob).is_not(None))
    ).all()
    return Pictures(
        runtime, pack, {page.id: (document, page) for document, page in rows}, _asked(session, submission_id)
    )


def _asked(session: Session, submission_id: str) -> dict[RoleKey, Ratios]:
    found: dict[RoleKey, Ratios] = {}
    for row in session.exec(select(Candidate).where(Candidate.submission_id == submission_id)).all():
        ratios = dict(read_evidence(row.evidence, row.total).ink)
        found.setdefault((row.role, row.role_index), {})[row.person_id] = ratios
    return found


def unconfirmed(match: MatchRole, values: Mapping[str, FieldValue], index: int) -> dict[str, FieldValue]:
    """By picture ("name", "kana") the readings of a role that nobody and nothing has confirmed."""
    found = {}
    for picture in INK_FIELDS:
        row = find_field(values, match.attributes[picture], index) if picture in match.attributes else None
        if row is not None and row.page_id and _is_unconfirmed(row):
            found[picture] = row
    return found


def _is_unconfirmed(row: FieldValue) -> bool:
    return row.origin is Origin.OCR and not row.accepted and bool(row.raw)
