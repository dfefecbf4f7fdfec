"""A few hundred seeded hostile files of every format, end to end, on both databases; `make fuzz` runs thousands."""

from __future__ import annotations

from collections import Counter

import pytest

from pipeline.channels import sandbox
from pipeline.channels.errors import ExportError, find_error_class
from pipeline.channels.sandbox import Limits
from pipeline.runtime import Runtime
from pipeline.steps.audit import audit
from pipeline.steps.intake_paper import Received, receive_files
from pipeline.steps.roster import import_roster
from pipeline.store.engine import read
from pipeline.store.tables import Arrival
from tests.fuzz.cases import API, FORMATS, MULTIPART, make_case
from tests.fuzz.world import SLIP, TAKEN, Loss, World
from tests.runtime import PROCEDURE, sample_pack

SEED = 20261122
CASES = 14
# Short, so that what only a limit ends costs the tests little; `make fuzz` runs with the limits in force.
LIMITS = Limits(memory=1024**3, seconds=2.0, seconds_more=0.05)
# What a case may be answered with besides the codes of arrival errors.
OTHER = {"taken", "repeated", "no_record", "pack_not_found", "pack_unreadable", "pack_invalid"}
REFUSED_UPLOADS = {"http_400", "http_403", "http_413", "http_422"}


@pytest.fixture(autouse=True)
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "LIMITS", LIMITS)


@pytest.mark.parametrize("name", FORMATS)
def test_hostile_files_are_taken_or_refused_by_name(runtime: Runtime, name: str) -> None:
    # Other cases on the other database: twice as many are seen.
    first = 0 if runtime.engine.dialect.name == "sqlite" else CASES
    answers = Counter(World(runtime).try_case(name, SEED, number) for number in range(first, first + CASES))
    assert answers.total() == CASES
    assert all(code in OTHER or find_error_class(code) for code in answers), answers
    assert sum(answers.values()) > answers[TAKEN], "none of these cases is hostile"
    assert audit(runtime).breaches == ()


def test_hostile_uploads_are_taken_or_refused(runtime: Runtime) -> None:
    first = 0 if runtime.engine.dialect.name == "sqlite" else 2 * CASES
    world = World(runtime)
    answers = Counter(world.try_case(MULTIPART, SEED, number) for number in range(first, first + 2 * CASES))
    assert answers[TAKEN] > 0 and set(answers) <= {TAKEN, *REFUSED_UPLOADS}, answers


def test_hostile_applications_are_taken_or_refused(runtime: Runtime) -> None:
    first = 0 if runtime.engine.dialect.name == "sqlite" else 2 * CASES
    world = World(runtime)
    answers = Counter(world.try_case(API, SEED, number) for number in range(first, first + 2 * CASES))
    assert answers[TAKEN] > 0 and set(answers) <= {TAKEN, *REFUSED_UPLOADS, "http_409", "http_415"}, answers
    assert audit(runtime).breaches == ()


@pytest.mark.parametrize("name", FORMATS)
def test_a_case_is_known_by_its_seed_and_number(name: str) -> None:
    assert make_case(name, 1, 5) == make_case(name, 1, 5)
    assert len({make_case(name, 1, number).data for number in range(8)}) > 4


def test_the_fuzz_would_see_a_loss(runtime: Runtime) -> None:
    """The harness itself: what was acknowledged and never taken up is no success."""
    received = receive_files(runtime, SLIP, [("a.png", b"no picture")], actor="test")
    with pytest.raises(Loss, match="with 0 pages"):
        World(runtime).check_scan(received.arrival_ids[0], b"no picture")


def test_other_files_under_a_used_key_are_another_batch(runtime: Runtime) -> None:
    """Found by the fuzz: back to the form, other files chosen, sent again. They were acknowledged and not kept."""
    first = receive_files(runtime, SLIP, [("a.png", b"one")], actor="test", key="k")
    assert receive_files(runtime, SLIP, [("a.png", b"one")], actor="test", key="k") == first
    second = receive_files(runtime, SLIP, [("a.png", b"two")], actor="test", key="k")
    assert second.batch_id not in (None, first.batch_id) and runtime.blobs.get(file_of(runtime, second)) == b"two"


def file_of(runtime: Runtime, received: Received) -> str:
    with read(runtime.engine) as session:
        return session.get_one(Arrival, received.arrival_ids[0]).blob


@pytest.mark.parametrize("address", ["/batches/%00", "/queue?reason=%00", "/cases?page=%00", "/batches/a%00b?page=1"])
def test_an_address_with_a_nul_is_no_page(runtime: Runtime, address: str) -> None:
    """Found by the fuzz: PostgreSQL takes no NUL, and answered with a fault."""
    world = World(runtime)
    world.sign_in()
    assert world.answer(address) in (403, 404)


def test_a_list_of_people_that_is_no_table_is_named_and_a_row_that_is_no_text_left_out(runtime: Runtime) -> None:
    columns = sample_pack().procedure.roster
    names = (columns.resident_number, columns.household_number, columns.name, columns.kana, columns.birth_date)
    others = [name for name in columns.headers if name not in names]
    header, rest = ",".join((*names, *others)), "," * len(others)
    good, bad = f"1,1,山田,ヤマダ,1980-01-01{rest}", f"2,1,山\x00田,ヤマダ,1980-01-01{rest}"
    with pytest.raises(ExportError):
        import_roster(runtime, PROCEDURE, f'{header}\n{good}\n"'.encode() + b"x" * 200_000)
    imported = import_roster(runtime, PROCEDURE, f"{header}\n{good}\n{bad}\n".encode())
    assert (imported.rows, imported.skipped) == (2, (3,))
