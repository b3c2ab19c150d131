"""Clients that common generators make of the OpenAPI document: complete, compiled, answered by a service."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import orjson
import pytest
from conftest import require
from generated_clients import PYTHON, are_installed, generate_python, run_generator
from service_process import start_service, wait_for

from models.churn.bundle import load_bundle
from models.registry.served_pointer import ServedPointer, write_pointer
from serve.http.openapi import EXAMPLES, read_examples

HERE = Path(__file__).parent
STRICT = ("--strict", "--exactOptionalPropertyTypes", "--noEmit", "--target", "es2022", "--moduleResolution", "bundler")
CALLED = {
    "show_health": [200, "Health"],
    "show_readiness": [200, "Readiness"],
    "show_model": [200, "ModelCard"],
    "put_rep": [200, "RecordsPut"],
    "list_the_reps": [200, "RepPage"],
    "put_account": [201, "OneAccount"],
    "show_account": [200, "OneAccount"],
    "put_many_accounts": [200, "RecordsPut"],
    "list_the_accounts": [200, "AccountPage"],
    "put_contact": [200, "RecordsPut"],
    "take_events": [200, "EventsTaken"],
    "score_accounts": [200, "ScoreAnswer"],
    "list_the_duties": [200, "DutyPage"],
}
"""Operation → status, class of the answer."""


@pytest.fixture(scope="module", autouse=True)
def clients() -> None:
    require("clients", are_installed(), "run `make clients`")


@pytest.fixture
def document(client, tmp_path: Path) -> Path:
    file = tmp_path / "openapi.json"
    file.write_bytes(client.get("/openapi.json").content)
    return file


def test_the_python_client_has_every_operation(document, tmp_path):
    said = generate_python(document, tmp_path / "kqml_generated")

    operations = [
        one["operationId"] for path in json.loads(document.read_bytes())["paths"].values() for one in path.values()
    ]
    generated = [file.stem for file in (tmp_path / "kqml_generated" / "api").glob("*/*.py") if file.stem != "__init__"]
    assert "WARNING" not in said
    assert sorted(generated) == sorted(operations)


def test_every_module_of_the_python_client_can_be_imported(document, tmp_path):
    folder = tmp_path / "kqml_generated"
    generate_python(document, folder)

    names = [".".join(file.relative_to(tmp_path).with_suffix("").parts) for file in folder.rglob("*.py")]
    assert len(names) > 100
    run_generator(PYTHON, "-W", "error", "-c", "\n".join(f"import {name}" for name in names), PYTHONPATH=str(tmp_path))


def test_the_typescript_types_take_every_example_of_a_body(document, tmp_path):
    run_generator("node", "node_modules/openapi-typescript/bin/cli.js", document, "-o", tmp_path / "schema.ts")
    lines = ['import type { components } from "./schema";']
    for number, (schema, example) in enumerate(EXAMPLES.items()):
        for name, shown in read_examples(example).items():
            constant = f"{name.replace('-', '_')}_{number}"
            value = orjson.dumps(shown["value"]).decode()
            lines.append(f'export const {constant}: components["schemas"]["{schema}"] = {value};')
    (tmp_path / "bodies.ts").write_text("\n".join(lines))

    assert len(lines) > 20
    assert (
        run_generator("node", "node_modules/typescript/bin/tsc", *STRICT, "--module", "esnext", tmp_path / "bodies.ts")
        == ""
    )


def test_the_linter_of_documents_has_no_complaint(document):
    assert run_generator("node", HERE / "lint.mjs", document) == ""


@pytest.fixture
def service(company, tmp_path) -> Iterator[tuple[str, str]]:
    """The address of a service with a model, the key of a client with every scope it needs."""
    home = tmp_path / "home"
    shutil.copytree(company.bundles[0], home / "served" / "one")
    fingerprint = load_bundle(home / "served" / "one").fingerprint
    write_pointer(home / "served" / "current.json", ServedPointer("1", "one", "B", "", fingerprint))
    environment = {"KQML_HOME": str(home), "KQML_SECRET_KEYS": command(home, "keys", "secret")["secret_key"]}
    scopes = ["accounts:read", "accounts:write", "contacts:write", "events:write", "scores:read", "model:read"]
    words = ["keys", "create", "crm", *(word for scope in scopes for word in ("--scope", scope))]
    key = command(home, *words, **environment)["key"]
    process, url = start_service(home, **environment)
    wait_for(f"{url}/readyz", lambda answer: answer.status_code == 200)
    yield url, key
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=30)


def command(home: Path, *words: str, **environment: str) -> dict:
    called = [sys.executable, "-m", "kqml", *words, "--json"]
    full = {**os.environ, "KQML_HOME": str(home), **environment}
    return json.loads(subprocess.run(called, env=full, cwd=home, capture_output=True, check=True).stdout)


@pytest.mark.slow
def test_a_service_answers_the_calls_of_the_python_client(service, tmp_path):
    url, key = service
    document = tmp_path / "openapi.json"
    document.write_bytes(httpx.get(f"{url}/openapi.json").content)
    generate_python(document, tmp_path / "kqml_generated")

    said = run_generator(PYTHON, HERE / "calls.py", url, key, PYTHONPATH=str(tmp_path))
    assert json.loads(said) == CALLED
