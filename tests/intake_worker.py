"""Intake of the small sample as a process of its own, with recorded readings, while a test makes backups beside it.

Its store is where ICHIMADO_DATA_DIR and ICHIMADO_DATABASE_URL say. It prints a line when intake begins, and one when it
has ended.
"""

from __future__ import annotations

from ichimado.intake import find_export, receive_folder, store
from ichimado.reading import find_pack
from pipeline.steps.advance import advance, advance_batch, due_submissions
from pipeline.steps.intake_online import take_records
from pipeline.steps.packs import install_pack
from pipeline.steps.roster import import_roster
from tests.recorded_runtime import SMALL, open_recorded_runtime

PROCEDURE = "child_benefit"
EXPORTS = ("portal_utf8/portal_20261106.csv", "city_site/applications_20261113.json")


def main() -> None:
    runtime = open_recorded_runtime()
    install_pack(runtime, find_pack(PROCEDURE))
    import_roster(runtime, PROCEDURE, (SMALL / "roster.csv").read_bytes())
    print("begins", flush=True)
    for name in EXPORTS:
        export = find_export(runtime, PROCEDURE, SMALL / "online" / name, None)
        take_records(runtime, store(runtime, PROCEDURE, export))
    received = receive_folder(runtime, SMALL / "scans" / "b06_branch_bw200")
    advance_batch(runtime, received.batch_id or "")
    for submission_id in due_submissions(runtime):
        advance(runtime, submission_id)
    print("ended", flush=True)


if __name__ == "__main__":
    main()
