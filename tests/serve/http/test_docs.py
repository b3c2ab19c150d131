"""`docs/api.md` says what is true."""

import json
import re
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from kqml.contract.scores import ScoreAnswer
from serve.http.problems import Problem
from serve.http.schemas.duties import DutyStatusBody
from serve.http.schemas.scores import ProblemOut

PAGE = (Path(__file__).parents[3] / "docs" / "api.md").read_text()


CURLS = re.findall(r"curl -s (-X PUT )?http://[^/]*(/\S*) (?:-H '[^']*' )*-d '(.*?)'", PAGE, re.DOTALL)


@pytest.mark.parametrize(("put", "path", "body"), CURLS, ids=[path for _, path, _ in CURLS])
def test_each_curl_example_is_answered(client, put, path, body):
    method = "PUT" if put else "POST"
    accounts = [{"account_id": name, "owner_rep_id": "R-7"} for name in ("S-1001", "S-1002")]
    client.post("/v1/accounts", json={"accounts": accounts})
    answer = client.request(method, path, content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (200, 201), answer.text


def test_no_curl_example_is_left_out():
    assert len(CURLS) == PAGE.count("curl -s ") == 7


def test_what_is_shown_has_the_shape_of_the_api():
    duties, score, problem = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    DutyStatusBody.model_validate_json(duties)
    TypeAdapter(ScoreAnswer).validate_json(score)
    ProblemOut.model_validate(json.loads(problem))


@pytest.mark.parametrize("problem", Problem, ids=lambda problem: problem.slug)
def test_every_problem_stands_in_its_table(problem):
    assert f"| `{problem.slug}` | {problem.status} |" in PAGE


def test_every_address_stands_in_its_table(client):
    for path, operations in client.get("/openapi.json").json()["paths"].items():
        for method in operations:
            assert f"| `{method.upper()} {path}` |" in PAGE


def test_the_metrics_named_exist(client):
    client.get("/healthz")
    told = client.get("/metrics").text
    named = re.findall(r"`(kqml_\w+)", PAGE.split("Metrics:")[1].split("\n\n")[0])
    assert len(named) == 9
    assert [name for name in named if name not in told] == []
