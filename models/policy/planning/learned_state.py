"""What a week is decided by beside the model: learned once for a company, written down so that it can be used again."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import lightgbm as lgb
import orjson

from kqml.playbook import Playbook
from kqml.playbook.playbook import playbook_from
from kqml.playbook.reading import content_of
from models.uplift.fitted import FittedEffects
from models.uplift.saving import effects_from_json, effects_json
from models.value.expected import ValueModel

FORMAT = 1


@dataclass(frozen=True)
class LearningEvidence:
    """`effects`: learned from `rows` randomised decisions whose outcomes were mature at the cutoff; None with the
    reason `why` where there is too little."""

    effects: FittedEffects | None
    rows: int = 0
    why: str = "no_log"


@dataclass(frozen=True)
class LearnedState:
    """`value`: None where no model answers. `top`: the value at risk that ranks like the dearest missing contact; None
    until the accounts were judged."""

    value: ValueModel | None
    evidence: LearningEvidence
    top: float | None = None


UNLEARNED = LearnedState(None, LearningEvidence(None, why="no_model"))


def learned_state_json(learned: LearnedState, playbook: Playbook) -> str:
    """Everything that judging needs beside the model, the playbook too; floats survive unchanged, the same knowledge
    gives the same text."""
    value, evidence = learned.value, learned.evidence
    content = {
        "format": FORMAT,
        "value": None if value is None else _value(value),
        "effects": None if evidence.effects is None else effects_json(evidence.effects),
        "rows": evidence.rows,
        "why": evidence.why,
        "top": learned.top,
        "playbook": content_of(playbook),
    }
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY).decode()


def learned_state_from_json(text: str) -> tuple[LearnedState, Playbook]:
    """The knowledge of that text, the playbook it went with. Raises ValueError on another format, KeyError where
    something is missing."""
    data: Mapping[str, Any] = orjson.loads(text)
    if data["format"] != FORMAT:
        raise ValueError(f"knowledge of format {data['format']}, this program reads {FORMAT}")
    effects = None if data["effects"] is None else effects_from_json(data["effects"])
    value = None if data["value"] is None else _value_from(data["value"])
    return LearnedState(value, LearningEvidence(effects, data["rows"], data["why"]), data["top"]), playbook_from(
        data["playbook"]
    )


def fingerprint_of(text: str) -> str:
    """The name by which receipts refer to what was learned."""
    return sha256(text.encode()).hexdigest()


def _value(value: ValueModel) -> dict[str, Any]:
    booster = None if value.booster is None else value.booster.model_to_string()
    return {"booster": booster, "rows": value.rows, "usual": value.usual}


def _value_from(data: Mapping[str, Any]) -> ValueModel:
    booster = None if data["booster"] is None else lgb.Booster(model_str=data["booster"])
    return ValueModel(booster, data["rows"], data["usual"])
