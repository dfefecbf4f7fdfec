"""Migrations that are killed at every few statements; started by tests/integration/test_migration.py as a program.

For each database given: a child migrates and ends itself by SIGKILL after its nth statement, for growing n, until one
comes to its end. One JSON line for each child: {"database", "statement", "killed", "revision", "tables"}, the last two
as the child left them.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import traceback
from typing import Any

from sqlalchemy import event, inspect

from pipeline.store.engine import open_engine
from pipeline.store.migrate import newest_revision, revision_of, upgrade

NEVER = 0


def migrate_until(url: str, statement: int) -> None:
    engine = open_engine(url)
    seen = 0

    def count(*_: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(engine, "after_cursor_execute", count)
    upgrade(engine)
    engine.dispose()


def start_child(url: str, statement: int) -> int:
    """The process id of a child that migrates and is killed after this statement."""
    child = os.fork()
    if child:
        return child
    try:
        migrate_until(url, statement)
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    os._exit(1)


def ended_by_kill(child: int) -> bool:
    """True when it was killed, False when it came to its end. Raises RuntimeError when it failed by itself."""
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return True
    if status:
        raise RuntimeError(f"a migration ended with status {status}")
    return False


def kill_until_done(url: str, stride: int) -> None:
    statement, killed = 1, True
    while killed:
        killed = ended_by_kill(start_child(url, statement))
        engine = open_engine(url)
        left = {"revision": revision_of(engine), "tables": len(inspect(engine).get_table_names())}
        engine.dispose()
        print(json.dumps({"database": url, "statement": statement, "killed": killed, **left}), flush=True)
        statement += stride


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("databases", nargs="+")
    arguments.add_argument("--stride", type=int, default=0)
    arguments.add_argument("--together", type=int, default=0, help="so many at once, none of them killed")
    given = arguments.parse_args()
    newest_revision()  # what a migration needs is loaded before the first fork
    for url in given.databases:
        if given.together:
            children = [start_child(url, NEVER) for _ in range(given.together)]
            print(json.dumps([ended_by_kill(child) for child in children]), flush=True)
        else:
            kill_until_done(url, given.stride)


if __name__ == "__main__":
    main()
