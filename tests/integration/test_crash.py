"""SIGKILL at seeded moments of every stage; what is left over ends in the store of an undisturbed run.

`make crash ARGS="--runs 100"` does the same a hundred times.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest

from tests.crash.stores import STAGES
from tests.recorded_runtime import RECORD_AGAIN, ROOT, fail_when_outdated

SEED = 20261122
RUNS = 5
PATIENCE_S = 600


@pytest.fixture(scope="module")
def outcomes() -> list[dict[str, Any]]:
    """One for every run: a victim of its stage, killed, and what the store came to."""
    fail_when_outdated()
    command = [sys.executable, "-m", "tests.crash", "--runs", str(RUNS), "--seed", str(SEED), "--json"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE_S)
    if "RecordAgain" in done.stderr:
        pytest.fail(RECORD_AGAIN)
    assert done.stdout, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.slow
def test_every_victim_was_killed_at_its_work(outcomes: list[dict[str, Any]]) -> None:
    assert [outcome["killed"] for outcome in outcomes] == [True] * RUNS
    plans = [outcome["plan"] for outcome in outcomes]
    assert set(Counter(plan["stage"] for plan in plans)) == set(STAGES)
    assert {plan["database"] for plan in plans} == {"sqlite", "postgresql"}
    assert {plan["workers"] for plan in plans} == {1, 3}


@pytest.mark.slow
def test_nothing_is_lost_and_nothing_doubled(outcomes: list[dict[str, Any]]) -> None:
    assert [outcome["differences"] for outcome in outcomes] == [{}] * RUNS
    assert [outcome["undelivered"] for outcome in outcomes] == [0] * RUNS


@pytest.mark.slow
def test_audit_finds_nothing(outcomes: list[dict[str, Any]]) -> None:
    assert [outcome["breaches"] for outcome in outcomes] == [[]] * RUNS
