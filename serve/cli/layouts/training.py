"""A training: its evaluation, its leakage flags, the version it became."""

from collections.abc import Iterator, Mapping
from typing import Any

from serve.cli.layout import Block, Line, Words
from serve.cli.layouts.evaluation import show_evaluation
from serve.usecases.train_model import LEAKAGE_AUC, PROMOTABLE_GRADES


def show_training(result: Mapping[str, Any], language: str) -> Iterator[Block]:
    """Show the JSON of `train`."""
    words = Words("evaluation", language)
    for warning in result["label_warnings"]:
        yield Line(f"! {warning}", "yellow")
    yield from show_evaluation(result, language)
    yield from map(Line, (*_tuning(result["tuning"], words), *leakage_sentences(result["leakage"], words)))
    model, grade = result["model"], result["grade"]["grade"]
    version = {"version": result["version"], "grade": grade}
    yield words.line("table.version", "bold", **version, rounds=model["rounds"], calibration=model["calibration"])
    yield Line(next_step(result, words))


def next_step(result: Mapping[str, Any], words: Words) -> str:
    """Return whether `kqml promote` accepts this version."""
    if result["grade"]["grade"] not in PROMOTABLE_GRADES:
        return words("table.not_promotable")
    return words("table.promotable", version=result["version"])


def _tuning(tuning: Mapping[str, Any] | None, words: Words) -> list[str]:
    if tuning is None:
        return []
    return [words("table.tuned", trials=tuning["trials"], loss=tuning["log_loss"], default=tuning["default_log_loss"])]


def leakage_sentences(leakage: Mapping[str, Any], words: Words) -> list[str]:
    """Return the leakage flags and their explanation."""
    if leakage["auc"] is None:
        return [words("table.leak_unknown")]
    if not leakage["flagged"]:
        return [words("table.leak_none", auc=leakage["auc"], cost=leakage["cost_of_all"])]
    sentences = [words("table.leak_column", **suspect) for suspect in leakage["suspects"]]
    if leakage["auc"] > LEAKAGE_AUC:
        sentences.append(words("table.leak_auc", auc=leakage["auc"], limit=LEAKAGE_AUC))
    if leakage["unexplained"]:
        return [*sentences, words("table.leak_unexplained")]
    return [*sentences, words("table.leak_explained", explanation=leakage["explanation"])]
