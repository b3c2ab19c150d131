"""List the features of the catalog."""

from dataclasses import dataclass

from features.catalog import catalog, catalog_fingerprint, named, why
from features.definitions import Direction, Feature
from kqml.contract.fields import Fingerprint
from kqml.playbook import Playbook


@dataclass(frozen=True)
class FeatureDescription:
    """A feature: its column, name, group, reason code, expected direction and purpose."""

    column: str
    name: str
    group: str
    code: str
    is_cause: bool
    direction: Direction
    why: str
    fill: float | None


@dataclass(frozen=True)
class FeatureList:
    """Every feature with the fingerprint of the catalog."""

    fingerprint: Fingerprint
    features: list[FeatureDescription]


def list_features(playbook: Playbook, language: str) -> FeatureList:
    """Return every feature of a playbook, described in a language."""
    features = catalog(playbook)
    return FeatureList(catalog_fingerprint(features), [_described(feature, language) for feature in features])


def _described(feature: Feature, language: str) -> FeatureDescription:
    return FeatureDescription(
        column=feature.column,
        name=named(feature, language),
        group=feature.group.value,
        code=feature.code.value,
        is_cause=feature.code.is_cause,
        direction=feature.direction,
        why=why(feature, language),
        fill=feature.fill,
    )
