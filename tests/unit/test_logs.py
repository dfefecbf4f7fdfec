"""What a log line may hold: known keys, identifiers, codes and numbers; of libraries kind and place."""

from __future__ import annotations

import ast
import json
import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ichimado.logs import KNOWN, WITHHELD, LibraryFormatter, WithoutValues, only_known
from ichimado.prefect_server import QUIET
from tests.unit.test_house_imports import ROOT

PLANTED = "龗田 燚子"


def test_what_is_known_stays() -> None:
    line = {"event": "step_failed", "submission": "a" * 32, "step": "read", "attempts": 3, "silent": True}
    assert only_known(None, "", dict(line)) == line


@pytest.mark.parametrize(
    "line",
    [
        {"event": f"read {PLANTED}"},
        {"event": "seen", "name": PLANTED},
        {"event": "seen", "code": PLANTED},
        {"event": "seen", "subjects": [PLANTED, "submission:1"]},
        {"event": "seen", "error": ValueError(PLANTED)},
        {"event": "seen", "exc_info": PLANTED},
        {"event": "seen", "code": "two words"},
        {"event": "seen", "code": {"name": PLANTED}},
    ],
)
def test_what_may_be_a_value_does_not(line: dict[str, object]) -> None:
    kept = json.dumps(only_known(None, "", dict(line)), ensure_ascii=False)
    assert PLANTED not in kept and "燚" not in kept and "two words" not in kept
    assert WITHHELD in kept or "dropped_keys" in kept


@given(st.dictionaries(st.text(max_size=12), st.text(max_size=40), max_size=5), st.text(max_size=40))
def test_nothing_but_plain_words_comes_out(line: dict[str, str], event: str) -> None:
    kept = only_known(None, "", {**line, "event": event})
    assert set(kept) <= KNOWN | {"dropped_keys"}
    assert all(str(value).isascii() for value in kept.values())


def record(name: str, message: str, *arguments: object, error: Exception | None = None) -> logging.LogRecord:
    told = (type(error), error, None) if error else None
    return logging.LogRecord(name, logging.WARNING, "/x/somewhere.py", 7, message, arguments, told)


def test_a_library_is_told_of_by_place_and_kind() -> None:
    line = json.loads(LibraryFormatter().format(record("httpx", f"sent {PLANTED}", error=ValueError(PLANTED))))
    assert line["event"] == WITHHELD and line["error"] == "ValueError"
    assert line["at"] == "somewhere.py:7" and line["logger"] == "httpx" and line["level"] == "warning"
    assert PLANTED not in json.dumps(line, ensure_ascii=False)


def test_a_trusted_library_may_speak_but_not_quote() -> None:
    said = LibraryFormatter().format(record("uvicorn.error", "Uvicorn running on %s", "http://127.0.0.1:8470"))
    assert json.loads(said)["event"] == "Uvicorn running on http://127.0.0.1:8470"
    assert json.loads(LibraryFormatter().format(record("uvicorn.error", PLANTED)))["event"] == WITHHELD


def test_what_goes_to_the_dashboard_names_kind_and_place() -> None:
    failed = record("prefect.flow_runs", f"Encountered exception: {PLANTED}", error=ValueError(PLANTED))
    assert WithoutValues().filter(failed)
    assert failed.getMessage() == "ValueError at somewhere.py:7" and failed.exc_info is None
    fine = logging.LogRecord("prefect.flow_runs", logging.INFO, "x.py", 1, "Finished in state Completed()", (), None)
    assert WithoutValues().filter(fine) and fine.getMessage() == "Finished in state Completed()"


def test_prefect_logs_as_we_do() -> None:
    path = Path(QUIET["PREFECT_LOGGING_SETTINGS_PATH"])
    config = yaml.safe_load(path.read_text(encoding="utf-8").replace("${", "$").replace("}", ""))
    assert config["formatters"]["ours"]["()"] == "ichimado.logs.LibraryFormatter"
    senders = [handler for handler in config["handlers"].values() if "API" in handler["class"]]
    assert len(senders) == 2 and all(one["filters"] == ["without_values"] for one in senders)


def test_an_uncaught_error_is_one_line_without_its_words() -> None:
    program = f"from ichimado.logs import configure_logs; configure_logs('info'); int('{PLANTED}')"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout == ""
    line = json.loads(done.stderr)
    assert (line["event"], line["error"]) == ("crashed", "ValueError")
    assert PLANTED not in done.stderr


def keys_logged() -> set[tuple[str, str]]:
    """Where a key is given to a logger of ours, and which."""
    found = set()
    for path in [one for room in ("pipeline", "flows", "web", "ichimado") for one in (ROOT / room).rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("debug", "info", "warning", "error")
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "log"
            ):
                found |= {(path.name, keyword.arg or "**") for keyword in node.keywords}
    return found


def test_every_key_that_the_code_logs_is_known() -> None:
    keys = keys_logged()
    assert len(keys) > 10
    assert {(place, key) for place, key in keys if key not in KNOWN} == set()


def test_nothing_is_printed_to_the_log_streams() -> None:
    for room in ("pipeline", "flows", "web"):
        for path in (ROOT / room).rglob("*.py"):
            assert "\n    print(" not in path.read_text(encoding="utf-8"), path


def test_prefect_tells_nobody_outside() -> None:
    from prefect.settings import Settings
    from prefect.settings.legacy import _get_valid_setting_names

    telling = re.compile("ANALYTICS|TELEMETRY_ENABLE|_ENABLE_\\w*TELEMETRY|PROMOTIONAL")
    found = {name for name in _get_valid_setting_names(Settings) if telling.search(name)}
    assert len(found) >= 4
    assert {name: QUIET.get(name) for name in found} == dict.fromkeys(found, "false")
