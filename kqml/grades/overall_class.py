"""The overall class (domain §7): results × relationship × credit."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from kqml.grades.known import Floats
from kqml.grades.relationship import grades_of
from kqml.playbook import Playbook
from kqml.playbook.codes import CLASS_PARTS

Texts = NDArray[np.object_]


def overall_classes(grades: Mapping[str, Texts], playbook: Playbook) -> tuple[Texts, Floats]:
    """Per account its class and its score: Π points[grade] ^ (weight ÷ Σ weights), over the parts that have a grade.

    `grades`: each of CLASS_PARTS; that of results is the 532 class, without which there is no class (None, NaN).
    """
    rules = playbook.overall
    points = np.column_stack([_points(grades[part], rules.points) for part in CLASS_PARTS])
    weights = np.where(np.isnan(points), 0.0, np.array([rules.weights[part] for part in CLASS_PARTS]))
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(np.isnan(points), 0.0, np.log(points))
        score = np.exp((np.where(weights > 0, logs, 0.0) * weights).sum(axis=1) / weights.sum(axis=1))
    score[np.isnan(points[:, CLASS_PARTS.index("results")])] = np.nan
    return grades_of(score, rules.classes), score


def _points(grades: Texts, points: Mapping[str, float]) -> Floats:
    return np.array([points.get(str(grade), np.nan) for grade in grades], dtype=np.float64)
