"""Fitted effects as JSON with LightGBM's text: no executable content, independent of the classes of kqml."""

from typing import Any

import lightgbm as lgb
import numpy as np

from models.uplift.effect_calibration import EffectCalibration, PowerCalibration
from models.uplift.effect_scale import EffectScale, OutcomeKind
from models.uplift.final_stage import FinalStage, FittedActionEffect
from models.uplift.fitted import FittedEffects
from models.uplift.forests import CrossFitted, texts_of
from models.uplift.propensities import ActionSupport
from models.uplift.shapes import EffectShape, Linear, Ranks, Trees
from models.uplift.shared_shape import SharedShape

FORMAT = 4


def effects_json(fitted: FittedEffects) -> dict[str, Any]:
    """Return everything that predictions need; floats round-trip exactly."""
    return {
        "format": FORMAT,
        "actions": list(fitted.actions),
        "stage": {
            "effects": [_effect(effect) for effect in fitted.stage.effects],
            "shared": _shapes(fitted.stage.shared.shapes, fitted.stage.shared.weights),
        },
        "scale": _scale(fitted.scale),
        "calibration": _calibration(fitted.calibration),
        "support": {
            "least": fitted.support.least,
            "trees": _forest(fitted.support.trees) if fitted.support.trees else None,
        },
    }


def effects_from_json(data: dict[str, Any]) -> FittedEffects:
    """Return the effects of such a mapping. Raises ValueError on another format, KeyError where a key is missing."""
    if data["format"] != FORMAT:
        raise ValueError(f"effects of format {data['format']}, this program reads {FORMAT}")
    support = data["support"]
    return FittedEffects(
        tuple(data["actions"]),
        _stage_from(data["stage"]),
        _scale_from(data["scale"]),
        ActionSupport(_forest_from(support["trees"]) if support["trees"] else None, support["least"]),
        _calibration_from(data["calibration"]),
    )


def _calibration(calibration: EffectCalibration) -> dict[str, Any]:
    powers = (
        {**vars(power), "coefficients": power.coefficients.tolist(), "covariance": power.covariance.tolist()}
        for power in calibration.powers
    )
    return {"usual": calibration.usual, "powers": [*powers]}


def _calibration_from(data: dict[str, Any]) -> EffectCalibration:
    powers = (
        PowerCalibration(
            **{**power, "coefficients": np.array(power["coefficients"]), "covariance": np.array(power["covariance"])}
        )
        for power in data["powers"]
    )
    return EffectCalibration(data["usual"], tuple(powers))


def _stage_from(data: dict[str, Any]) -> FinalStage:
    return FinalStage(
        tuple(_effect_from(effect) for effect in data["effects"]), SharedShape(*_shapes_from(data["shared"]))
    )


def _effect(effect: FittedActionEffect) -> dict[str, Any]:
    return {"level": effect.level, "shrinkage": effect.shrinkage, **_shapes(effect.shapes, effect.weights)}


def _effect_from(data: dict[str, Any]) -> FittedActionEffect:
    return FittedActionEffect(data["level"], *_shapes_from(data), data["shrinkage"])


def _scale(scale: EffectScale) -> dict[str, Any]:
    return {
        "kind": scale.kind.value,
        "trees": _forest(scale.trees),
        "scatter": _forest(scale.scatter) if scale.scatter else None,
        "least_scale": scale.least_scale,
        "least_spread": scale.least_spread,
    }


def _scale_from(data: dict[str, Any]) -> EffectScale:
    scatter = _forest_from(data["scatter"]) if data["scatter"] else None
    return EffectScale(
        OutcomeKind(data["kind"]), _forest_from(data["trees"]), scatter, data["least_scale"], data["least_spread"]
    )


def _shapes(shapes: tuple[EffectShape, ...], weights: tuple[float, ...]) -> dict[str, Any]:
    return {"shapes": [_shape(shape) for shape in shapes], "weights": list(weights)}


def _shapes_from(data: dict[str, Any]) -> tuple[tuple[EffectShape, ...], tuple[float, ...]]:
    return tuple(_shape_from(shape) for shape in data["shapes"]), tuple(data["weights"])


def _shape(shape: EffectShape) -> dict[str, Any]:
    if isinstance(shape, Linear):
        knots = [[None if np.isnan(knot) else float(knot) for knot in row] for row in shape.ranks.knots]
        return {"knots": knots, "coefficients": shape.coefficients.tolist(), "intercept": shape.intercept}
    if isinstance(shape, Trees):
        return {"trees": None if shape.booster is None else shape.booster.model_to_string()}
    raise TypeError(f"{type(shape).__name__} cannot be written")


def _shape_from(data: dict[str, Any]) -> EffectShape:
    if "trees" in data:
        return Trees(None if data["trees"] is None else lgb.Booster(model_str=data["trees"]))
    knots = np.array(data["knots"], dtype=np.float64).reshape(len(data["coefficients"]), -1)
    return Linear(Ranks(knots), np.array(data["coefficients"], dtype=np.float64), data["intercept"])


def _forest(forest: CrossFitted) -> dict[str, Any]:
    return {"rounds": forest.rounds, "start": forest.start, "boosters": texts_of(forest.boosters, forest.rounds)}


def _forest_from(data: dict[str, Any]) -> CrossFitted:
    boosters = tuple(lgb.Booster(model_str=text) for text in data["boosters"])
    return CrossFitted(boosters, data["rounds"], data["start"])
