"""The description of the API against the API: Schemathesis makes up requests from it, and looks at every answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CheckFunction
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests.databases import Databases
from tests.runtime import install, make_runtime
from tests.sender import ROOT, Sender, record
from web.app import create_app
from web.settings import WebSettings

CHECKS: list[CheckFunction] = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
    ignored_auth,
]


@pytest.fixture(scope="module")
def sender(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sender]:
    with databases.migrated("sqlite") as url:
        runtime = make_runtime(url, tmp_path_factory.mktemp("api"))
        install(runtime)
        made = Sender(runtime, settings=WebSettings(api_per_minute=100_000))
        assert made.send(record()).status_code == 201
        yield made
        runtime.engine.dispose()


@pytest.fixture(scope="module")
def api(sender: Sender) -> Any:
    app = create_app(sender.runtime, WebSettings(api_per_minute=100_000))
    return schemathesis.openapi.from_asgi(f"{ROOT}/openapi.json", app)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("name", ["create_submission", "get_submission", "list_procedures"])
def test_every_answer_is_as_described(api: Any, sender: Sender, name: str, mode: GenerationMode) -> None:
    operation = api.find_operation_by_id(name)

    @settings(max_examples=40, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        case.call_and_validate(headers={"Authorization": f"Bearer {sender.key}"}, checks=CHECKS)

    if name == "list_procedures" and mode is GenerationMode.NEGATIVE:
        return  # it takes nothing that could be wrong
    ask()


def test_the_description_is_whole(sender: Sender) -> None:
    told = sender.get("/openapi.json").json()
    assert set(told["paths"]) == {"/submissions", "/submissions/{receipt}", "/procedures"}
    assert told["servers"] == [{"url": ROOT}]
    for path in told["paths"].values():
        for operation in path.values():
            assert operation["security"] == [{"ApiKey": []}]
            for status, answer in operation["responses"].items():
                (kind,) = answer["content"]
                assert kind == ("application/json" if status < "300" else "application/problem+json")
    create = told["paths"]["/submissions"]["post"]
    assert set(create["requestBody"]["content"]) == {"application/json", "multipart/form-data"}
    refused = {"400", "401", "403", "409", "413", "415", "422", "429", "500", "503", "507"}
    assert set(create["responses"]) == {"200", "201"} | refused
    assert "HTTPValidationError" not in told["components"]["schemas"]


def test_the_example_of_the_description_is_taken(sender: Sender) -> None:
    told = sender.get("/openapi.json").json()
    example = told["paths"]["/submissions"]["post"]["requestBody"]["content"]["application/json"]["examples"]["online"]
    answer = sender.client.post(f"{ROOT}/submissions", json=example["value"], headers=sender.headers)
    assert answer.status_code in (200, 201), answer.text


def test_nothing_in_it_is_from_another_host(sender: Sender) -> None:
    text = sender.get("/openapi.json").text
    assert "http://" not in text and "https://" not in text
    for path in ("/docs", "/redoc"):
        assert sender.get(path).status_code == 404


def test_staff_pages_are_not_in_it(sender: Sender, tmp_path: Path) -> None:
    assert sender.client.get("/openapi.json").status_code == 404
