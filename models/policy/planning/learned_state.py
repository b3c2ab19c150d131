"""The learned state of a plan: value model and effects, serialised for reuse."""

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

FORMAT = 3


LEAST_PRECISION = 0.012
"""Effects rank actions once the standard error of their average is at most this share of the margin to be expected."""


@dataclass(frozen=True)
class LearningEvidence:
    """The evidence for learned effects.

    `effects`: learned from `rows` randomised decisions of `weeks` weeks with outcomes mature at the cutoff; None with
    the reason `why` where they may not be used. `precision`: standard error of the average effect of the actions, as a
    share of the expected margin; None where nothing was learned.
    """

    effects: FittedEffects | None
    rows: int = 0
    why: str = "no_log"
    weeks: int = 0
    precision: float | None = None

    @property
    def more_weeks(self) -> int | None:
        """Return how many more such weeks make the effects precise enough; None where they are, or if unknown."""
        if self.precision is None or self.precision <= LEAST_PRECISION:
            return None
        return weeks_until(self.weeks, self.precision / LEAST_PRECISION)


def weeks_until(weeks: int, factor: float) -> int:
    """Return the weeks to add to `weeks` weeks of a log until standard errors are `factor` times smaller.

    Standard errors fall with the square root of the rows.
    """
    return max(math.ceil(weeks * (factor**2 - 1.0)), 1)


@dataclass(frozen=True)
class LearnedState:
    """`value`:

    None without a model. `top`: the value at risk that ranks like the largest shortfall cost; None until the accounts
    were assessed.
    """

    value: ValueModel | None
    evidence: LearningEvidence
    top: float | None = None


UNLEARNED = LearnedState(None, LearningEvidence(None, why="no_model"))


def learned_state_json(learned: LearnedState, playbook: Playbook) -> str:
    """Return the state and the playbook as JSON.

    Floats round-trip exactly, and equal states give equal text.
    """
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
    """Return the state and the playbook of such a text.

    Raises ValueError on another format, KeyError where a key is missing.
    """
    data: Mapping[str, Any] = orjson.loads(text)
    if data["format"] != FORMAT:
        raise ValueError(f"knowledge of format {data['format']}, this program reads {FORMAT}")
    effects = None if data["effects"] is None else effects_from_json(data["effects"])
    value = None if data["value"] is None else _value_from(data["value"])
    evidence = LearningEvidence(effects, data["rows"], data["why"], data["weeks"], data["precision"])
    return LearnedState(value, evidence, data["top"]), playbook_from(data["playbook"])


def fingerprint_of(text: str) -> str:
    """Return the fingerprint by which receipts refer to the learned state."""
    return sha256(text.encode()).hexdigest()


def _value(value: ValueModel) -> dict[str, Any]:
    return {"booster": value.booster_text, "rows": value.rows, "usual": value.usual}


def _value_from(data: Mapping[str, Any]) -> ValueModel:
    booster = None if data["booster"] is None else lgb.Booster(model_str=data["booster"])
    return ValueModel(booster, data["rows"], data["usual"])
