"""The schemas of commands: what an answer's type says, nothing else, or an error."""

import json
from dataclasses import dataclass
from typing import NotRequired

import jsonschema_rs
import pytest
from typing_extensions import TypedDict

from experiments.docs import schemas
from serve.cli.command import Answer


class Step(TypedDict):
    """One step."""

    name: str
    seconds: NotRequired[float]


@dataclass(frozen=True)
class Story:
    """Steps."""

    steps: list[Step]
    note: str | None = None


def tell() -> Answer[Story]:
    return Answer(Story([]), [])


@pytest.fixture
def validator(monkeypatch):
    monkeypatch.setattr(schemas, "find_function", lambda package, command: tell)
    page = json.loads(schemas.schema_page("any", "tell story"))
    assert page["title"] == "kqml tell story --json"
    return jsonschema_rs.validator_for(page)


@pytest.mark.parametrize(
    ("answer", "fits"),
    [
        ({"steps": [], "note": None}, True),
        ({"steps": [{"name": "a", "seconds": 1.5}, {"name": "b"}], "note": "x"}, True),
        ({"error": "no", "faults": [{"where": "here", "what": "it", "todo": "do"}]}, True),
        ({"steps": []}, False),
        ({"steps": [], "note": None, "more": 1}, False),
        ({"steps": [{"name": "a", "more": 1}], "note": None}, False),
        ({"steps": [{"seconds": 1.5}], "note": None}, False),
        ({"steps": [{"name": 1}], "note": None}, False),
        ({"error": "no"}, False),
    ],
)
def test_an_answer_has_exactly_the_fields_of_its_type_or_is_an_error(validator, answer, fits):
    assert validator.is_valid(answer) is fits
