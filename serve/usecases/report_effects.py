"""Report the effects of actions that a decision log shows: averages, overlap, calibration, evidence."""

from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from features.catalog import catalog
from features.cutoffs import default_cutoff
from kqml.dataset.folder import Dataset, read_dataset
from kqml.errors import Fault, Refused
from kqml.playbook import Playbook
from kqml.settings import Settings
from models.policy.planning.feature_matrix import model_rows
from models.policy.planning.learned_state import LEAST_PRECISION, weeks_until
from models.policy.planning.learning import mature_cutoffs
from models.registry.training import log_effects
from models.uplift.contrasts import ClusteredMean
from models.uplift.decision_data import DecisionData
from models.uplift.decision_features import decision_features
from models.uplift.decision_log import read_decision_log
from models.uplift.decision_rows import build_decision_data
from models.uplift.effect_evidence import EffectEvidence
from models.uplift.fitted import Basis
from models.uplift.learner import EffectModel
from models.uplift.sample import Floats
from serve.usecases.model_registry import ModelReference, RegisteredModel, find_model, registry_client


@dataclass(frozen=True, kw_only=True)
class EffectsRequest:
    """A dataset folder and the folder of its decision log. `model`: version or alias, None for the champion; its
    feature columns describe the rows, without any model all features of the catalog do."""

    dataset: Path
    log: Path
    model: str | None
    playbook: Playbook


@dataclass(frozen=True)
class EffectEstimate:
    """A mean with its 95 % interval, clustered by account."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class EffectCalibrationBin:
    """Rows alike in their predicted effect: the mean prediction beside the effect that they show."""

    predicted: float
    rows: int
    effect: EffectEstimate


@dataclass(frozen=True)
class ActionEffectReport:
    """An action against `wait`. `effect`: on margin over the horizon per account, money; None where fewer than half of
    the eligible rows can be compared. `share`: the average as a share of the margin to be expected, with its standard
    `share_error`. `rows` got the action, `effective_rows` of them count, `supported_share` of the eligible rows can be
    compared."""

    action: str
    rows: int
    effective_rows: float
    supported_share: float
    effect: EffectEstimate | None
    share: float
    share_error: float
    calibration: list[EffectCalibrationBin]


@dataclass(frozen=True)
class EffectsResult:
    """`precision`: the standard error of the average effect of all actions, as a share of the margin to be expected;
    plans use effects where it is at most `least_precision`. `more_weeks`: of a log like this one until then. `model`:
    the version with whose run the report was logged."""

    currency: str
    basis: Basis
    rows: int
    weeks: int
    precision: float
    least_precision: float
    usable: bool
    more_weeks: int | None
    actions: list[ActionEffectReport]
    model: ModelReference | None


def report_effects(request: EffectsRequest, settings: Settings) -> EffectsResult:
    """Estimate the effects from the randomised decisions with mature outcomes, and log the report in MLflow with the
    model's version. Raises Refused where the log has too few of them."""
    dataset, model = read_dataset(request.dataset), find_model(settings, request.model)
    data = _mature_decisions(dataset, request)
    sample = data.sample(_features(dataset, data, request.playbook, model))
    evidence = EffectModel().fit_sample(sample).evidence
    weeks = len(set(data.week.tolist()))
    usable = evidence.precision <= LEAST_PRECISION
    result = EffectsResult(
        currency=dataset.info.currency,
        basis=evidence.basis,
        rows=len(data),
        weeks=weeks,
        precision=evidence.precision,
        least_precision=LEAST_PRECISION,
        usable=usable,
        more_weeks=None if usable else weeks_until(weeks, evidence.precision / LEAST_PRECISION),
        actions=[_action(evidence, index) for index in range(len(evidence.actions) - 1)],
        model=None if model is None else model.reference,
    )
    if model is not None:
        report = orjson.dumps(asdict(result), option=orjson.OPT_INDENT_2).decode()
        log_effects(registry_client(settings), model.number, _metrics(result), report)
    return result


def _mature_decisions(dataset: Dataset, request: EffectsRequest) -> DecisionData:
    log = read_decision_log(request.log)
    cutoff = default_cutoff(dataset.event_log(), dataset.info.time_zone)
    data = mature_cutoffs(build_decision_data(dataset, log, request.playbook), cutoff)
    if not len(data):
        todo = "wait until the horizon of randomised weeks has passed; `kqml evaluate history` compares without them"
        raise Refused("No effect can be reported.", [Fault("decisions", "none is randomised and mature", todo)])
    return data


def _features(dataset: Dataset, data: DecisionData, playbook: Playbook, model: RegisteredModel | None) -> Floats:
    if model is not None:
        return model_rows(model.scorer, dataset, data.rows)
    return decision_features(dataset, data, catalog(playbook))[0]


def _action(evidence: EffectEvidence, index: int) -> ActionEffectReport:
    overlap, averages = evidence.overlap()[index], evidence.averages
    return ActionEffectReport(
        action=overlap.action,
        rows=overlap.rows,
        effective_rows=overlap.effective,
        supported_share=overlap.supported,
        effect=None if overlap.thin else _estimate(evidence.effect(overlap.action)),
        share=float(averages.value[index]),
        share_error=float(averages.error[index]),
        calibration=[
            EffectCalibrationBin(group.predicted, group.estimate.rows, _estimate(group.estimate))
            for group in evidence.bins(overlap.action)
        ],
    )


def _estimate(mean: ClusteredMean) -> EffectEstimate:
    return EffectEstimate(mean.value, mean.low, mean.high)


def _metrics(result: EffectsResult) -> dict[str, float]:
    shares = {f"effects.{row.action}.share": row.share for row in result.actions}
    errors = {f"effects.{row.action}.share_error": row.share_error for row in result.actions}
    return {"effects.rows": float(result.rows), "effects.precision": result.precision, **shares, **errors}
