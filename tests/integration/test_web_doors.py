"""Who may use which route. The table is whole: a route without a line here fails, and each line is tried by every role
and by nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import Mount

from pipeline.domain.statuses import StaffRole
from tests.factories import DEPARTMENT, Store, make_store, make_user
from tests.webclient import Browser, token_in
from web.app import create_app
from web.settings import WebSettings

REVIEWER, MAILROOM, APPROVER = StaffRole.REVIEWER, StaffRole.MAILROOM, StaffRole.APPROVER
OPERATOR, ADMINISTRATOR = StaffRole.OPERATOR, StaffRole.ADMINISTRATOR

WORKERS = {REVIEWER, MAILROOM}
DECIDERS = {REVIEWER, APPROVER}
READERS = {REVIEWER, MAILROOM, APPROVER}
SIGNED_IN = set(StaffRole)
PUBLIC = "public"
"""Without signing in; says nothing of anybody."""
WITH_KEY = "with a sending system's key"
"""Never by staff: tests/integration/test_api_*.py try it without a key, with a wrong one and beyond its procedures."""
THIS_MACHINE = "from this machine, or with the token of the settings"
"""Numbers for the monitoring of the house: tests/integration/test_web_metrics.py and the like."""

DOORS: dict[str, set[StaffRole] | str] = {
    "GET /": SIGNED_IN,
    "GET /sign-in": PUBLIC,
    "POST /sign-in": PUBLIC,
    "POST /sign-out": SIGNED_IN,
    "POST /language": SIGNED_IN,
    "GET /password": SIGNED_IN,
    "POST /password": SIGNED_IN,
    "GET /healthz": PUBLIC,
    "GET /readyz": PUBLIC,
    "GET /metrics": THIS_MACHINE,
    "MOUNT /static": PUBLIC,
    "GET /queue": WORKERS,
    "POST /queue/next": WORKERS,
    "POST /queue/open": WORKERS,
    "GET /search": {REVIEWER},
    "POST /search": {REVIEWER},
    "GET /tasks/{task_id}": WORKERS,
    "POST /tasks/{task_id}/claim": WORKERS,
    "POST /tasks/{task_id}/renew": WORKERS,
    "POST /tasks/{task_id}/release": WORKERS,
    "POST /tasks/{task_id}/field": {REVIEWER},
    "POST /tasks/{task_id}/person": {REVIEWER},
    "POST /tasks/{task_id}/paper": {REVIEWER},
    "POST /tasks/{task_id}/household": {REVIEWER},
    "POST /tasks/{task_id}/settle": {REVIEWER},
    "POST /tasks/{task_id}/decide": WORKERS,
    "GET /tasks/{task_id}/correction": {REVIEWER},
    "POST /tasks/{task_id}/correction": {REVIEWER},
    "GET /submissions/{submission_id}": DECIDERS,
    "GET /pages/{page_id}/view": READERS,
    "GET /pages/{page_id}/scan": READERS,
    "GET /pages/{page_id}/thumb": READERS,
    "GET /attachments/{attachment_id}": DECIDERS,
    "GET /outbound/{outbound_id}": DECIDERS,
    "GET /batches": {MAILROOM},
    "GET /batches/new": {MAILROOM},
    "POST /batches/new": {MAILROOM},
    "GET /batches/{batch_id}": {MAILROOM},
    "POST /batches/{batch_id}/close": {MAILROOM},
    "GET /cases": DECIDERS,
    "GET /cases/{case_id}": DECIDERS,
    "POST /cases/{case_id}/reopen": {REVIEWER},
    "POST /cases/export": {REVIEWER},
    "GET /persons/{person_id}": DECIDERS,
    "GET /persons/{person_id}/merge/{other_id}": {REVIEWER},
    "POST /persons/{person_id}/merge/{other_id}": {REVIEWER},
    "POST /persons/{person_id}/different/{other_id}": {REVIEWER},
    "POST /persons/{person_id}/split": {REVIEWER},
    "POST /persons/{person_id}/undo/{regrouping_id}": {REVIEWER},
    "GET /ranking": DECIDERS,
    "GET /ranking/{procedure_id}": DECIDERS,
    "GET /ranking/{procedure_id}/what-if": DECIDERS,
    "GET /drafts": DECIDERS,
    "GET /drafts/new": {REVIEWER},
    "POST /drafts/new": {REVIEWER},
    "GET /drafts/{draft_id}": DECIDERS,
    "GET /drafts/{draft_id}/print": DECIDERS,
    "POST /drafts/{draft_id}/approve": {APPROVER},
    "POST /drafts/{draft_id}/return": {APPROVER},
    "POST /drafts/{draft_id}/withdraw": {REVIEWER},
    "GET /staff": {ADMINISTRATOR},
    "GET /staff/new": {ADMINISTRATOR},
    "POST /staff/new": {ADMINISTRATOR},
    "GET /staff/{user_id}": {ADMINISTRATOR},
    "POST /staff/{user_id}/grant": {ADMINISTRATOR},
    "POST /staff/{user_id}/revoke": {ADMINISTRATOR},
    "POST /staff/{user_id}/protected": {ADMINISTRATOR},
    "POST /staff/{user_id}/active": {ADMINISTRATOR},
    "POST /staff/{user_id}/password": {ADMINISTRATOR},
    "GET /operations": {OPERATOR},
    "POST /operations/audit": {OPERATOR},
    "POST /operations/parked": {OPERATOR},
    "GET /outbox": {OPERATOR},
    "POST /outbox/{outbound_id}/again": {OPERATOR},
    "POST /outbox/{outbound_id}/give-up": {OPERATOR},
    "GET /erasures": {OPERATOR, ADMINISTRATOR},
    "GET /erasures/{number}/certificate.pdf": {OPERATOR, ADMINISTRATOR},
    "GET /erasures/{number}/certificate.json": {OPERATOR, ADMINISTRATOR},
    "GET /weights": {OPERATOR, ADMINISTRATOR},
    "POST /weights/retrain": {OPERATOR, ADMINISTRATOR},
    "POST /weights/back": {OPERATOR, ADMINISTRATOR},
    "GET /weights/{version}": {OPERATOR, ADMINISTRATOR},
    "POST /weights/{version}/adopt": {OPERATOR, ADMINISTRATOR},
    "GET /api/v1/openapi.json": PUBLIC,
    "GET /api/v1/procedures": WITH_KEY,
    "POST /api/v1/submissions": WITH_KEY,
    "GET /api/v1/submissions/{receipt}": WITH_KEY,
}


@pytest.fixture
def store(sqlite_database_url: str, tmp_path: Path) -> Store:
    return make_store(sqlite_database_url, tmp_path)


def doors_of(routes: Any, prefix: str = "") -> Iterator[str]:
    """Every way in, as "METHOD path"; what is no route, router or mount that this knows ends the test."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from doors_of(inner.routes, prefix + route.include_context.prefix)
        elif isinstance(route, Mount):
            found = list(doors_of(route.routes, prefix + route.path))
            yield from found or [f"MOUNT {prefix}{route.path}"]
        else:
            yield from (f"{method} {prefix}{route.path}" for method in sorted(route.methods - {"HEAD"}))


def test_every_route_says_who_may_use_it(store: Store) -> None:
    found = set(doors_of(create_app(store.runtime, WebSettings()).routes))
    missing = sorted(found - set(DOORS))
    assert not missing, (
        f"routes without a line in DOORS of {Path(__file__).name}: {missing}. Say there which roles may use each; "
        "everybody else is then tried and must be refused."
    )
    assert not sorted(set(DOORS) - found), "lines of DOORS without a route"


def path_of(door: str) -> tuple[str, str]:
    """Method and address, with ids of nothing."""
    method, path = door.split(" ", 1)
    parts = ["0" * 32 if part.startswith("{") else part for part in path.split("/")]
    return method, "/".join(parts)


def answer_of(browser: Browser, door: str, token: str = "x") -> Any:
    method, path = path_of(door)
    if method == "GET":
        return browser.client.get(path)
    form = {"csrf": token, "procedure": "child_benefit", "department": DEPARTMENT}
    return browser.client.request(method, path, data=form)


STAFF_DOORS = {door: roles for door, roles in DOORS.items() if isinstance(roles, set)}


def test_nobody_gets_in_without_signing_in(store: Store) -> None:
    browser = Browser(store, login=None)
    for door in STAFF_DOORS:
        answer = answer_of(browser, door)
        assert (answer.status_code, answer.headers.get("location")) == (303, "/sign-in"), door


def test_without_a_key_the_api_gives_nothing(store: Store) -> None:
    make_user(store, roles=list(StaffRole))
    for browser in (Browser(store, login=None), Browser(store)):
        for door, roles in DOORS.items():
            if roles == WITH_KEY:
                assert answer_of(browser, door).status_code == 401, door


@pytest.mark.parametrize("role", list(StaffRole))
def test_each_role_opens_its_own_doors_only(store: Store, role: StaffRole) -> None:
    make_user(store, roles=[role])
    browser = Browser(store)
    token = token_in(browser.client.get("/password").text)
    # Signing out comes last: it ends what the others need.
    for door, roles in sorted(STAFF_DOORS.items(), key=lambda item: item[0] == "POST /sign-out"):
        answer = answer_of(browser, door, token)
        refused = answer.status_code == 403 and 'data-error="not_allowed"' in answer.text
        if role not in roles:
            assert refused, (door, answer.status_code)
        else:
            assert not refused and answer.status_code != 500, (door, answer.status_code)
            assert answer.headers.get("location") != "/sign-in" or door == "POST /sign-out", door


def test_who_has_no_right_opens_no_door_but_their_own(store: Store) -> None:
    make_user(store, roles=[])
    browser = Browser(store)
    token = token_in(browser.client.get("/password").text)
    assert browser.client.get("/").headers["location"] == "/password"
    for door, roles in STAFF_DOORS.items():
        if roles != SIGNED_IN:
            assert answer_of(browser, door, token).status_code == 403, door


def test_with_a_first_password_no_other_page_opens(store: Store) -> None:
    from pipeline.review.administration import COMMAND_LINE, reset_password

    user = make_user(store, roles=list(StaffRole))
    reset_password(store.runtime, COMMAND_LINE, user, "first-password-1")
    browser = Browser(store, login=None)
    assert browser.sign_in("yamaguchi").status_code == 401
    assert browser.sign_in("yamaguchi", "first-password-1").status_code == 303
    own = {"GET /password", "POST /password", "POST /sign-out", "POST /language"}
    token = token_in(browser.client.get("/password").text)
    for door in STAFF_DOORS:
        if door not in own:
            answer = answer_of(browser, door, token)
            assert (answer.status_code, answer.headers["location"]) == (303, "/password"), door
    wrong = browser.client.post("/password", data={"csrf": token, "old": "x", "new": "y" * 9, "again": "y" * 9})
    assert wrong.status_code == 422 and "いまのパスワードが違います" in wrong.text
    same = {"old": "first-password-1", "new": "first-password-1", "again": "first-password-1"}
    assert browser.client.post("/password", data={"csrf": token, **same}).status_code == 422
    right = {"old": "first-password-1", "new": "my-own-words-9", "again": "my-own-words-9"}
    assert browser.client.post("/password", data={"csrf": token, **right}).status_code == 303
    assert browser.client.get("/queue").status_code == 200
