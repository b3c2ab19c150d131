"""`kqml backtest`: what the procedure would have said, beside every baseline."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kqml.errors import BadUse, CouldNot, Fault
from kqml.settings import Settings, read_settings
from serve.cli.chart_files import chart_files
from serve.cli.churn_options import ActiveWithin, ChurnFlags, Every, Gap, Horizon, MinOrders, PersonalK, Start
from serve.cli.output import emit, progress
from serve.cli.playbook_option import PlaybookFlag, read_playbook_in_force
from serve.cli.training_inputs import TrainingInputs, read_training_inputs

if TYPE_CHECKING:
    import pyarrow as pa

    from models.churn.backtest import Backtest, BacktestPlan
    from models.churn.evaluation import ChurnEvaluation

TestShare = Annotated[float, typer.Option(help="Share of the cutoffs, the latest, that nothing is learned from.")]
Seed = Annotated[int, typer.Option(help="Seed of everything random.")]


def run(  # noqa: PLR0913 - the flags of one command
    dataset: Annotated[Path, typer.Argument(help="Dataset folder, made by `kqml import`.")],
    horizon: Horizon = None,
    gap: Gap = None,
    every: Every = None,
    start: Start = None,
    min_orders: MinOrders = None,
    active_within: ActiveWithin = None,
    personal_k: PersonalK = None,
    test_share: TestShare = 0.25,
    rolling: Annotated[int | None, typer.Option(help="Fit anew before every so many test cutoffs.")] = None,
    gaps: Annotated[str, typer.Option(help="Gaps to report beside the own one; '' for none.")] = "0,30,60",
    predictions: Annotated[Path | None, typer.Option(help="Parquet file for every test row's prediction.")] = None,
    charts: Annotated[Path | None, typer.Option(help="Folder to write the charts to; without it none are.")] = None,
    playbook: PlaybookFlag = None,
    seed: Seed = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Fits on the past of a dataset, scores its last cutoffs, prints our metrics beside every baseline's.

    Each run reads the test block once more, and says how often that has happened.

    Example: kqml backtest data/iowa --gap 0 --every 30 --start 2013-02-04 --predictions rows.parquet --json
    """
    from models.churn.backtest import BacktestPlan

    settings = read_settings()
    request = ChurnFlags(horizon, gap, every, start, min_orders, active_within, personal_k).asked(settings.churn)
    plan, others = BacktestPlan(test_share, rolling, seed=seed), parse_gaps(gaps)
    with progress("Back-testing", None):
        material = read_training_inputs(dataset, request, read_playbook_in_force(playbook, settings))
        backtest, evaluation, result = _run(material, plan, others, settings)
    written = {
        "predictions": _write(_predictions(backtest, material), predictions) if predictions else None,
        "charts": draw_evaluation(evaluation, charts, settings.language) if charts else None,
    }
    _answer({**result, **written}, settings.language, as_json)


def _run(
    material: TrainingInputs, plan: "BacktestPlan", gaps: tuple[int, ...], settings: Settings
) -> "tuple[Backtest, ChurnEvaluation, dict[str, Any]]":
    from models.churn.backtest import run_backtest
    from models.churn.evaluation import evaluate
    from models.churn.gaps import gap_rows

    histories, rows = material.histories, material.training_set
    backtest = run_backtest(rows, histories.log, histories.context, plan)
    evaluation = evaluate(backtest, rows.definition, histories.context.time_zone, plan.seed)
    others = gap_rows(rows, histories, backtest, plan, gaps)
    return (
        backtest,
        evaluation,
        {**evaluation_json(material, backtest, evaluation, settings, "backtest"), "gaps": others},
    )


def evaluation_json(
    material: TrainingInputs, backtest: "Backtest", evaluation: "ChurnEvaluation", settings: Settings, command: str
) -> dict[str, Any]:
    """An evaluation with its protocol; its reading of the test block is recorded at home."""
    from models.churn.backtest_protocol import protocol_json
    from models.churn.test_set_usage import LEDGER, record_reading, test_set_reading

    definition, zone = material.training_set.definition, material.histories.context.time_zone
    reading = test_set_reading(material.dataset.info.fingerprint, definition, backtest.test, command, datetime.now(UTC))
    times = record_reading(settings.home, reading)
    return {
        "dataset": material.dataset.info.fingerprint,
        "protocol": protocol_json(backtest, definition, zone),
        **evaluation.as_json(),
        "test_block_readings": {"times": times, "ledger": str(settings.home / LEDGER)},
    }


def parse_gaps(words: str) -> tuple[int, ...]:
    """The gaps named by "0,30,60". Raises BadUse on anything but whole days."""
    parts = [part.strip() for part in words.split(",") if part.strip()]
    faults = [
        Fault("--gaps", f"{part!r} is not a whole number of days", "give days such as 0,30,60")
        for part in parts
        if not part.isdecimal()
    ]
    if faults:
        raise BadUse("The gaps to report cannot be read.", faults)
    return tuple(dict.fromkeys(map(int, parts)))


def draw_evaluation(evaluation: "ChurnEvaluation", folder: Path, language: str) -> dict[str, Any]:
    """Writes the charts of an evaluation as SVG files."""
    from models.churn.charts.drawing import write_pictures
    from models.churn.charts.evaluation import evaluation_pictures

    pictures, lettering = evaluation_pictures(evaluation, language, "svg")
    files = write_pictures(pictures, folder, "svg")
    return chart_files(files, lettering, language)


def _predictions(backtest: "Backtest", material: TrainingInputs) -> "pa.Table":
    from models.churn.backtest_protocol import predictions_table

    return predictions_table(backtest, material.training_set.accounts)


def _write(table: "pa.Table", path: Path) -> dict[str, Any]:
    import pyarrow.parquet as pq

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, path)
    except OSError as error:
        raise CouldNot(f"The predictions could not be written to {path}: {error.strerror}.") from error
    return {"file": str(path), "rows": len(table)}


def _answer(result: dict[str, Any], language: str, as_json: bool) -> None:
    from serve.cli.evaluation_tables import print_evaluation

    emit(result, as_json, lambda console: print_evaluation(console, result, language))
