"""Handing in scans at the window: into a department for which one works in the mailroom."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.channels.slip import BatchSlip
from pipeline.domain.errors import NotAllowed
from pipeline.domain.statuses import StaffRole
from pipeline.runtime import Runtime
from pipeline.steps.intake_paper import Received, receive_files
from pipeline.store.access import Viewer


def mailrooms_of(viewer: Viewer) -> tuple[str, ...]:
    """The departments that this person may hand in scans for, their own first."""
    found = {grant.department for grant in viewer.grants if grant.role is StaffRole.MAILROOM}
    return tuple(sorted(found, key=lambda department: (department != viewer.department, department)))


def hand_in(
    runtime: Runtime, viewer: Viewer, slip: BatchSlip, files: Sequence[tuple[str, bytes]], key: str
) -> Received:
    """As `receive_files`. Raises NotAllowed for a department that is not one of `mailrooms_of`."""
    if slip.department not in mailrooms_of(viewer):
        raise NotAllowed
    return receive_files(runtime, slip, files, actor=viewer.user_id, key=key)
