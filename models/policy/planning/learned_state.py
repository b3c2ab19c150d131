"""What a week is decided by beside the model: learned once for a company, written down so that it can be used again."""

import math
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

FORMAT = 2


LEAST_PRECISION = 0.012
"""Effects rank actions once the standard error of their average is at most this share of the margin to be expected."""


@dataclass(frozen=True)
class LearningEvidence:
    """`effects`: learned from `rows` randomised decisions of `weeks` weeks whose outcomes were mature at the cutoff;
    None with the reason `why` where they may not be used. `precision`: the standard error of the average effect of the
    actions, as a share of the margin to be expected; None where nothing was learned."""

    effects: FittedEffects | None
    rows: int = 0
    why: str = "no_log"
    weeks: int = 0
    precision: float | None = None

    @property
    def more_weeks(self) -> int | None:
        """Weeks like those of the log until effects are precise enough; None where they are, or nothing is known."""
        if self.precision is None or self.precision <= LEAST_PRECISION:
            return None
        return weeks_until(self.weeks, self.precision / LEAST_PRECISION)


def weeks_until(weeks: int, factor: float) -> int:
    """Weeks to add to `weeks` weeks of a log until standard errors are `factor` times smaller: they fall with the
    square root of the rows."""
    return max(math.ceil(weeks * (factor**2 - 1.0)), 1)


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
        "weeks": evidence.weeks,
        "precision": evidence.precision,
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
    evidence = LearningEvidence(effects, data["rows"], data["why"], data["weeks"], data["precision"])
    return LearnedState(value, evidence, data["top"]), playbook_from(data["playbook"])


def fingerprint_of(text: str) -> str:
    """The name by which receipts refer to what was learned."""
    return sha256(text.encode()).hexdigest()


def _value(value: ValueModel) -> dict[str, Any]:
    booster = None if value.booster is None else value.booster.model_to_string()
    return {"booster": booster, "rows": value.rows, "usual": value.usual}


def _value_from(data: Mapping[str, Any]) -> ValueModel:
    booster = None if data["booster"] is None else lgb.Booster(model_str=data["booster"])
    return ValueModel(booster, data["rows"], data["usual"])
