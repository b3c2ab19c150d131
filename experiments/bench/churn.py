"""Churn on public histories: our model and every baseline, by the protocol of each data set."""

import argparse
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from experiments.public_data import IOWA_STORES, ONLINE_RETAIL, VENDOR_85, PublicData, import_public
from features.catalog import catalog
from features.churn_definition import ChurnDefinition
from features.context import context_of
from features.cutoffs import cutoff_grid, parse_cutoff
from features.labels import label_lag_days
from features.training_set import TrainingSet, build_training_set
from kqml.calendar.business_time import instant_of
from kqml.dataset.folder import Dataset
from kqml.errors import BadUse, Fault
from kqml.settings import read_settings
from models.churn.backtest import Backtest, BacktestPlan, run_backtest
from models.churn.backtest_protocol import protocol_json
from models.churn.evaluation import ChurnEvaluation, evaluate
from models.churn.gaps import GapLabels
from models.churn.test_set_usage import record_usage, usage_of_test_set

TEST_SHARE = 0.25


@dataclass(frozen=True)
class Protocol:
    """The back-test of a data set: churn definition, interval and start of cutoffs, gaps."""

    data: PublicData
    definition: ChurnDefinition
    every: int
    start: str
    gaps: tuple[int, ...]


IOWA = ChurnDefinition(horizon=90, gap=0, min_orders=4, active_within=90)

PROTOCOLS = (
    Protocol(IOWA_STORES, IOWA, 30, "2013-02-04", (0, 28, 30, 60)),
    Protocol(VENDOR_85, IOWA, 30, "2013-02-04", (0, 28)),
    Protocol(ONLINE_RETAIL, replace(IOWA, horizon=60, min_orders=2, active_within=180), 14, "2011-03-01", (0,)),
)
"""Those of the data README (`KQML_DATA_DIR`)."""


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the data sets, gaps and the seed."""
    names = [protocol.data.name for protocol in PROTOCOLS]
    parser.add_argument("--datasets", default="all", help=f"comma-separated, of {', '.join(names)}; or all")
    parser.add_argument("--gaps", default="all", help="comma-separated days; all: those of each protocol")
    parser.add_argument("--seed", type=int, default=0)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Back-test every requested data set and gap; each use of a test block is recorded."""
    rows: list[dict[str, Any]] = []
    protocols: list[dict[str, Any]] = []
    for protocol in requested_protocols(args.datasets, args.gaps):
        for found_rows, result in _bench(protocol, args.seed):
            rows += found_rows
            protocols.append(result)
    parameters = {"datasets": args.datasets, "gaps": args.gaps, "seed": args.seed}
    return {"parameters": parameters, "rows": rows, "protocols": protocols}


def render(result: Mapping[str, Any]) -> Iterator[str]:
    """Return a line for each data set, gap, group and model."""
    for row in result["rows"]:
        level = "" if "slope" not in row else f" E/O {row['expected_over_observed']:.2f} slope {row['slope']:.2f}"
        yield (
            f"{row['dataset']:14} gap {row['gap']:2} {row['group']:8} {row['model']:30} "
            f"AUC {row['auc']:.3f} ({row['auc_low']:.3f}–{row['auc_high']:.3f}) "
            f"AP {row['average_precision']:.3f} ({row['ap_low']:.3f}–{row['ap_high']:.3f}) "
            f"lift {row['lift_at_10']:.1f}{level}"
        )
    for details in result["protocols"]:
        grade = details["grade"]
        yield (
            f"{details['dataset']:14} gap {details['gap']:2} grade {grade['grade']} (gain {grade['gain']:+.3f}, low "
            f"{grade['gain_low']:+.3f} over {grade['rule']}); test block read {details['test_block_readings']} time(s)"
        )


def requested_protocols(datasets: str, gaps: str) -> list[Protocol]:
    known = {protocol.data.name: protocol for protocol in PROTOCOLS}
    names = list(known) if datasets == "all" else datasets.split(",")
    faults = [
        Fault("--datasets", f"{n!r} is unknown", f"give some of {', '.join(known)}") for n in names if n not in known
    ]
    faults += [
        Fault("--gaps", f"{part!r} is not a whole number of days", "give days such as 0,28")
        for part in ([] if gaps == "all" else gaps.split(","))
        if not part.isdecimal()
    ]
    if faults:
        raise BadUse("The benchmark cannot be run.", faults)
    chosen = [known[name] for name in names]
    return (
        chosen if gaps == "all" else [replace(protocol, gaps=tuple(map(int, gaps.split(",")))) for protocol in chosen]
    )


def _bench(protocol: Protocol, seed: int) -> Iterator[tuple[list[dict[str, Any]], dict[str, Any]]]:
    now = instant_of(datetime.now(UTC))
    with tempfile.TemporaryDirectory(prefix="kqml-bench-") as folder:
        dataset = import_public(protocol.data, Path(folder) / protocol.data.name, now)
        for gap in protocol.gaps:
            yield _one(protocol, dataset, gap, seed)


def _one(protocol: Protocol, dataset: Dataset, gap: int, seed: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    training_set, histories = _material(dataset, replace(protocol.definition, gap=gap), protocol)
    backtest = run_backtest(training_set, histories.log, histories.context, BacktestPlan(TEST_SHARE, seed=seed))
    evaluation = evaluate(backtest, training_set.definition, histories.context.time_zone, seed)
    named = {"dataset": protocol.data.name, "gap": gap}
    rows = [{**named, **row, "fit_seconds": backtest.fit_seconds.get(row["model"], 0.0)} for row in evaluation.models]
    return rows, {**named, **_describe(training_set, histories, backtest, evaluation, dataset)}


def _material(dataset: Dataset, definition: ChurnDefinition, protocol: Protocol) -> tuple[TrainingSet, GapLabels]:
    log = dataset.event_log()
    context = context_of(dataset.info, dataset.accounts(), log)
    lag = label_lag_days(dataset.info, log)
    start = parse_cutoff(protocol.start, context.time_zone)
    cutoffs = cutoff_grid(log, context, definition, protocol.every, start, label_lag_days=lag)
    return build_training_set(dataset, definition, cutoffs, catalog()), GapLabels(log, context, lag)


def _describe(
    training_set: TrainingSet, histories: GapLabels, backtest: Backtest, evaluation: ChurnEvaluation, dataset: Dataset
) -> dict[str, Any]:
    """Return the protocol, grade, quarters, departures, money and number of test-set uses."""
    usage = usage_of_test_set(
        dataset.info.fingerprint, training_set.definition, backtest.test, "bench churn", datetime.now(UTC)
    )
    times = record_usage(read_settings().home, usage)
    result = evaluation.as_json()
    retained = {name: result[name] for name in ("grade", "slices", "departures", "money", "censored", "calibration")}
    protocol = protocol_json(backtest, training_set.definition, histories.context.time_zone)
    return {**retained, "protocol": protocol, "test_block_readings": times}
