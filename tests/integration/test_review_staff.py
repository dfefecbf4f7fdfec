"""職員の管理 on both databases: who gives rights to whom, and what nobody may do to themselves."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from pipeline.domain.errors import DomainError, NotAllowed
from pipeline.domain.statuses import StaffRole
from pipeline.review.administration import (
    COMMAND_LINE,
    Actor,
    LastAdministrator,
    NoSuperior,
    OwnAccount,
    ScopeMissing,
    acting,
    add_staff,
    find_by_login,
    grant,
    reset_password,
    revoke,
    set_active,
    set_protected,
)
from pipeline.review.staff import (
    LoginTaken,
    NewAccount,
    SamePassword,
    WeakPassword,
    WrongPassword,
    change_password,
    create_user,
    sign_in,
    viewer_of,
)
from pipeline.review.staff_views import get_staff, list_staff
from pipeline.runtime import Runtime
from pipeline.steps.audit import audit
from pipeline.store.access import Grant, Viewer, grants
from tests import factories
from tests.runtime import DEPARTMENT, PROCEDURE, event_kinds

assert factories.PASSWORD  # importing it makes hashes cheap
PASSWORD = "long-enough-1"


@dataclass
class House:
    """Two administrators and somebody to be given rights."""

    runtime: Runtime
    one: str
    two: str
    clerk: str

    def actor(self, user_id: str) -> Actor:
        return acting(Viewer(user_id, "", DEPARTMENT, grants(DEPARTMENT, StaffRole.ADMINISTRATOR)))


@pytest.fixture
def house(runtime: Runtime) -> House:
    ids = [
        create_user(runtime, login, PASSWORD, display_name=login, department=DEPARTMENT, roles=roles)
        for login, roles in (("one", [StaffRole.ADMINISTRATOR]), ("two", [StaffRole.ADMINISTRATOR]), ("clerk", []))
    ]
    return House(runtime, *ids)


def test_rights_are_given_and_taken_and_all_is_in_the_history(house: House) -> None:
    runtime, actor = house.runtime, house.actor(house.one)
    wanted = Grant(StaffRole.REVIEWER, DEPARTMENT, PROCEDURE)
    grant(runtime, actor, house.clerk, wanted)
    grant(runtime, actor, house.clerk, wanted)
    set_protected(runtime, actor, house.clerk, True)
    row = get_staff(runtime, actor, house.clerk).row
    assert [(one.role, one.procedure_id) for one in row.grants] == [(StaffRole.REVIEWER, PROCEDURE)]
    token = sign_in(runtime, "clerk", PASSWORD)
    found = viewer_of(runtime, token or "")
    assert found is not None and found[0].sees_protected
    assert found[0].may(StaffRole.REVIEWER, DEPARTMENT, PROCEDURE)
    assert not found[0].may(StaffRole.REVIEWER, DEPARTMENT, "other")
    revoke(runtime, actor, house.clerk, row.grants[0].id)
    revoke(runtime, actor, house.clerk, row.grants[0].id)
    assert event_kinds(runtime, house.clerk) == [
        "staff_added",
        "staff_granted",
        "staff_sees_protected",
        "staff_revoked",
    ]
    assert audit(runtime).breaches == ()


def test_nobody_changes_their_own_rights(house: House) -> None:
    runtime, actor = house.runtime, house.actor(house.one)
    own = get_staff(runtime, actor, house.one).row.grants[0].id
    acts = (
        lambda: grant(runtime, actor, house.one, Grant(StaffRole.APPROVER, DEPARTMENT)),
        lambda: set_protected(runtime, actor, house.one, True),
        lambda: revoke(runtime, actor, house.one, own),
        lambda: set_active(runtime, actor, house.one, False),
        lambda: reset_password(runtime, actor, house.one, PASSWORD),
    )
    for act in acts:
        with pytest.raises(OwnAccount):
            act()
    grant(runtime, house.actor(house.two), house.one, Grant(StaffRole.APPROVER, DEPARTMENT))
    assert event_kinds(runtime, house.one) == ["staff_added", "staff_granted"]


def test_only_administrators_administer(house: House) -> None:
    with pytest.raises(NotAllowed):
        acting(Viewer(house.clerk, "", DEPARTMENT, grants(DEPARTMENT, StaffRole.REVIEWER, StaffRole.OPERATOR)))
    # The store decides, not what a page opened earlier says.
    pretended = house.actor(house.clerk)
    with pytest.raises(NotAllowed):
        grant(house.runtime, pretended, house.two, Grant(StaffRole.REVIEWER, DEPARTMENT))
    with pytest.raises(NotAllowed):
        list_staff(house.runtime, pretended)


def test_one_administrator_remains(house: House) -> None:
    runtime = house.runtime
    set_active(runtime, house.actor(house.one), house.two, False)
    last = get_staff(runtime, COMMAND_LINE, house.one).row.grants[0].id
    for act in (
        lambda: revoke(runtime, COMMAND_LINE, house.one, last),
        lambda: set_active(runtime, COMMAND_LINE, house.one, False),
    ):
        with pytest.raises(LastAdministrator):
            act()
    with pytest.raises(NotAllowed):
        set_active(runtime, house.actor(house.two), house.one, False)


def test_two_administrators_at_once_do_not_close_each_other(house: House) -> None:
    gate = threading.Barrier(2)

    def close(pair: tuple[str, str]) -> DomainError | None:
        gate.wait()
        try:
            set_active(house.runtime, house.actor(pair[0]), pair[1], False)
        except DomainError as error:
            return error
        return None

    with ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(close, ((house.one, house.two), (house.two, house.one))))
    assert sorted(type(end).__name__ for end in ends) == ["NoneType", "NotAllowed"]
    assert sum(row.active for row in list_staff(house.runtime, COMMAND_LINE)) == 2


def test_a_deputy_stands_in_for_an_approver_of_the_place(house: House) -> None:
    runtime, actor = house.runtime, house.actor(house.one)
    stands_in = Grant(StaffRole.APPROVER, DEPARTMENT, deputy_for=house.two)
    with pytest.raises(NoSuperior):
        grant(runtime, actor, house.clerk, stands_in)
    grant(runtime, actor, house.two, Grant(StaffRole.APPROVER, DEPARTMENT))
    with pytest.raises(NoSuperior):
        grant(runtime, actor, house.clerk, Grant(StaffRole.REVIEWER, DEPARTMENT, deputy_for=house.two))
    with pytest.raises(NoSuperior):
        grant(runtime, actor, house.clerk, Grant(StaffRole.APPROVER, DEPARTMENT, deputy_for=house.clerk))
    grant(runtime, actor, house.clerk, stands_in)
    assert get_staff(runtime, actor, house.clerk).row.grants[0].deputy_for == "two"


def test_what_makes_no_sense_is_refused(house: House) -> None:
    runtime, actor = house.runtime, house.actor(house.one)
    for wanted in (Grant(StaffRole.REVIEWER, " "), Grant(StaffRole.REVIEWER, DEPARTMENT, "nothing")):
        with pytest.raises(ScopeMissing):
            grant(runtime, actor, house.clerk, wanted)
    with pytest.raises(LoginTaken):
        add_staff(runtime, actor, NewAccount("ONE", PASSWORD, "x", DEPARTMENT))
    with pytest.raises(WeakPassword):
        add_staff(runtime, actor, NewAccount("new", "short", "x", DEPARTMENT))
    with pytest.raises(ScopeMissing):
        add_staff(runtime, actor, NewAccount("new", PASSWORD, "x", " "))


def test_closing_and_resetting_end_sessions_at_once(house: House) -> None:
    runtime, actor = house.runtime, house.actor(house.one)
    token = sign_in(runtime, "clerk", PASSWORD) or ""
    set_active(runtime, actor, house.clerk, False)
    assert viewer_of(runtime, token) is None and sign_in(runtime, "clerk", PASSWORD) is None
    set_active(runtime, actor, house.clerk, True)
    assert viewer_of(runtime, token) is None
    token = sign_in(runtime, "clerk", PASSWORD) or ""
    reset_password(runtime, actor, house.clerk, "first-word-22")
    assert viewer_of(runtime, token) is None and sign_in(runtime, "clerk", PASSWORD) is None


def test_a_first_password_is_changed_by_who_uses_it(house: House) -> None:
    runtime = house.runtime
    add_staff(runtime, house.actor(house.one), NewAccount("new", "first-word-22", "新人", DEPARTMENT))
    token = sign_in(runtime, "new", "first-word-22") or ""
    other = sign_in(runtime, "new", "first-word-22") or ""
    with pytest.raises(WrongPassword):
        change_password(runtime, token, "wrong-word-22", "my-own-word-33")
    with pytest.raises(SamePassword):
        change_password(runtime, token, "first-word-22", "first-word-22")
    found = viewer_of(runtime, token)
    assert found is not None and found[1].must_change
    change_password(runtime, token, "first-word-22", "my-own-word-33")
    found = viewer_of(runtime, token)
    assert found is not None and not found[1].must_change
    assert viewer_of(runtime, other) is None and sign_in(runtime, "new", "my-own-word-33")
    assert event_kinds(runtime, find_by_login(runtime, "new")) == ["staff_added", "staff_password_changed"]
