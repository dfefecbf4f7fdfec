"""What a case meets: a store as it runs, and the questions asked afterwards, whether anything was lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path

from sqlmodel import col, func, select

from pipeline.channels.attachments import inspect_attachment
from pipeline.channels.errors import find_error_class
from pipeline.channels.paper import decode_page
from pipeline.channels.slip import BatchSlip
from pipeline.domain.statuses import ArrivalStatus, PageFate, ReasonCode, StaffRole, TaskKind
from pipeline.procedures.registry import PackError, load_pack
from pipeline.runtime import Runtime
from pipeline.steps.advance import advance
from pipeline.steps.assemble import assemble_batch
from pipeline.steps.intake_online import store_export, take_records
from pipeline.steps.intake_paper import receive_files, take_pages
from pipeline.store.engine import read
from pipeline.store.tables import Arrival, Batch, Page, ReviewReason, ReviewTask, Submission
from tests.factories import PASSWORD, Store, make_user
from tests.fuzz import cases, tables
from tests.runtime import PROCEDURE
from tests.sender import ROOT, Sender
from tests.webclient import Browser, token_in

SLIP = BatchSlip(received_on=date(2026, 11, 18), source="mail")
TAKEN = "taken"
REPEATED = "repeated"


class Loss(AssertionError):
    """Something was acknowledged and is not there, or nobody is told of it."""


@dataclass
class World:
    """A store with the sample procedure, and a browser with a member of the mailroom in it.

    tried: a folder in which worlds tell each other what was read already; None lets each read everything.
    """

    runtime: Runtime
    tried: Path | None = None
    tallies: dict[str, Counter[str]] = field(default_factory=dict)
    _browser: Browser | None = None
    _page: str = ""
    _sender: Sender | None = None

    def try_case(self, name: str, seed: int, number: int) -> str:
        """What became of the case: TAKEN or the code of its refusal. Anything else is raised."""
        if name == cases.MULTIPART:
            answer = self._upload(*cases.make_upload(seed, number, self._csrf()))
        elif name == cases.API:
            answer = self._apply(*cases.make_application(seed, number))
        else:
            data = cases.make_case(name, seed, number).data
            answer = self._tries()[name](data, number)
        self.tallies.setdefault(name, Counter())[answer] += 1
        return answer

    def _tries(self) -> dict[str, Callable[[bytes, int], str]]:
        scans = dict.fromkeys(("pdf", "tiff", "jpeg", "png"), self._scan)
        return {**scans, "csv": self._table("csv"), "json": self._table("json"), "zip": self._pack}

    def _scan(self, data: bytes, number: int) -> str:
        """Handed over as a scan or, one in four, looked into as what an applicant sends."""
        if self._is_repeat("attachment" if number % 4 == 0 else "scan", data):
            return REPEATED
        if number % 4 == 0:
            return inspect_attachment(data).problem or TAKEN
        received = receive_files(self.runtime, SLIP, [("scan.pdf" if number % 2 else "scan", data)], actor="fuzz")
        answer = TAKEN
        for arrival_id in received.arrival_ids:
            take_pages(self.runtime, arrival_id)
            answer = self.check_scan(arrival_id, data)
        if received.batch_id is not None:
            assemble_batch(self.runtime, received.batch_id)
            self._check_batch(received.batch_id)
        return answer

    def _is_repeat(self, way: str, data: bytes) -> bool:
        """Whether these very bytes went this way in another world: the same again would take as long."""
        if self.tried is None:
            return False
        try:
            (self.tried / f"{way}-{sha256(data).hexdigest()}").touch(exist_ok=False)
        except FileExistsError:
            return True
        return False

    def check_scan(self, arrival_id: str, data: bytes | None = None) -> str:
        """The bytes are there, and pages or a named refusal with a task. Raises Loss."""
        with read(self.runtime.engine) as session:
            arrival = session.get_one(Arrival, arrival_id)
            pages = session.exec(select(Page).where(Page.arrival_id == arrival_id)).all()
        kept = self.runtime.blobs.get(arrival.blob)
        if data is not None and kept != data:
            raise Loss("the file is not what was handed over")
        if arrival.status is ArrivalStatus.REPEATED:
            return REPEATED
        if arrival.status is ArrivalStatus.REFUSED:
            return self._refusal(arrival)
        if arrival.status is not ArrivalStatus.TAKEN or not pages or arrival.page_count != len(pages):
            raise Loss(f"{arrival.status} with {len(pages)} pages")
        for page in pages:
            if page.blob is None and (page.fate is not PageFate.UNREADABLE or not page.problem_code):
                raise Loss("a page without a picture and without a reason")
            if page.blob is not None:
                decode_page(self.runtime.blobs.get(page.blob))
        return TAKEN if any(page.blob for page in pages) else str(pages[0].problem_code)

    def _refusal(self, arrival: Arrival) -> str:
        """The code of a refusal that has words and stands in a task."""
        code = arrival.problem_code or ""
        if find_error_class(code) is None:
            raise Loss(f"refused without words: {code}")
        with read(self.runtime.engine) as session:
            told = session.exec(
                select(ReviewReason.detail)
                .join(ReviewTask, col(ReviewTask.id) == ReviewReason.task_id)
                .where(
                    ReviewTask.arrival_id == arrival.id,
                    ReviewTask.kind == TaskKind.MAILROOM,
                    ReviewReason.code == ReasonCode.FILE_REFUSED,
                )
            ).all()
        if code not in told:
            raise Loss(f"nobody is told of {code}")
        return code

    def _check_batch(self, batch_id: str) -> None:
        with read(self.runtime.engine) as session:
            pending = session.exec(
                select(func.count()).where(Page.batch_id == batch_id, Page.fate == PageFate.PENDING)
            ).one()
            session.get_one(Batch, batch_id)
        if pending:
            raise Loss(f"{pending} pages are neither in a document nor an exception")

    def _table(self, kind: str) -> Callable[[bytes, int], str]:
        channels = [channel for channel, _ in tables.exports(kind)]

        def try_table(data: bytes, number: int) -> str:
            arrival_id = store_export(self.runtime, PROCEDURE, channels[number % len(channels)], "export", data)
            received = take_records(self.runtime, arrival_id)
            with read(self.runtime.engine) as session:
                arrival = session.get_one(Arrival, arrival_id)
                parts = session.exec(select(Arrival.id).where(Arrival.part_of_id == arrival_id)).all()
            if self.runtime.blobs.get(arrival.blob) != data:
                raise Loss("the export is not what was handed over")
            if received.refusal is not None:
                return self._refusal(arrival)
            if arrival.status is not ArrivalStatus.TAKEN or len(parts) < len(received.taken) + len(received.changed):
                raise Loss(f"{arrival.status}: {len(parts)} records")
            self._check_rows(arrival, [problem.code for problem in received.problems])
            for submission_id in received.taken[:3]:
                advance(self.runtime, submission_id)
                with read(self.runtime.engine) as session:
                    session.get_one(Submission, submission_id)
            return TAKEN if received.taken or received.already or received.changed else "no_record"

        return try_table

    def _check_rows(self, arrival: Arrival, codes: list[str]) -> None:
        with read(self.runtime.engine) as session:
            told = session.exec(
                select(ReviewReason.detail)
                .join(ReviewTask, col(ReviewTask.id) == ReviewReason.task_id)
                .where(ReviewTask.arrival_id == arrival.id)
            ).all()
        if not set(codes) <= set(told):
            raise Loss("nobody is told of a row")

    def _pack(self, data: bytes, number: int) -> str:
        try:
            load_pack(data)
        except PackError as error:
            return error.code
        return TAKEN

    def sign_in(self) -> None:
        """As the member of the mailroom, once."""
        if self._browser is None:
            make_user(Store(self.runtime, ""), "hayashi", roles=[StaffRole.MAILROOM])
            self._browser = Browser(Store(self.runtime, ""), None)
            answer = self._browser.sign_in("hayashi", PASSWORD)
            assert answer.status_code == 303, answer.text
            self._page = self._browser.client.get("/batches/new").text

    def answer(self, address: str) -> int:
        """The status of a page, as the server gives it."""
        assert self._browser is not None
        return self._browser.client.get(address).status_code

    def _csrf(self) -> bytes:
        self.sign_in()
        return token_in(self._page).encode()

    def _upload(self, body: bytes, content_type: bytes) -> str:
        """Through the window's own route; what is answered with yes must be in the store."""
        assert self._browser is not None
        before = self._arrivals()
        answer = self._browser.client.post("/batches/new", content=body, headers=[(b"content-type", content_type)])
        fresh = self._arrivals() - before
        if answer.status_code >= 500:
            raise AssertionError(f"answered {answer.status_code}")
        if answer.status_code != 303:
            if fresh:
                raise Loss("refused, and stored all the same")
            return f"http_{answer.status_code}"
        if not fresh:
            raise Loss("acknowledged, and nothing is stored")
        for arrival_id in fresh:
            take_pages(self.runtime, arrival_id)
            self.check_scan(arrival_id)
        return TAKEN

    def _apply(self, body: bytes, content_type: bytes) -> str:
        """Through the API, as a sending system; what is answered with a receipt must be a submission."""
        self._sender = self._sender or Sender(self.runtime, "fuzz")
        headers = [(b"content-type", content_type), (b"authorization", f"Bearer {self._sender.key}".encode())]
        answer = self._sender.client.post(f"{ROOT}/submissions", content=body, headers=headers)
        if answer.status_code >= 500:
            raise AssertionError(f"answered {answer.status_code}")
        if answer.status_code not in (200, 201):
            return f"http_{answer.status_code}"
        with read(self.runtime.engine) as session:
            number = answer.json()["receipt_number"]
            made = session.exec(select(Submission).where(Submission.receipt_number == number)).first()
            arrival = session.get(Arrival, made.arrival_id) if made else None
        if made is None or arrival is None:
            raise Loss("acknowledged, and there is no submission")
        self.runtime.blobs.get(arrival.blob)
        advance(self.runtime, made.id)
        return TAKEN

    def _arrivals(self) -> set[str]:
        with read(self.runtime.engine) as session:
            return set(session.exec(select(Arrival.id)).all())
