"""A training on a terminal: its evaluation, its leakage flags, the version it became."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from models.churn.leakage import SUSPICIOUS_AUC
from models.registry.aliases import PROMOTABLE
from serve.cli.evaluation_tables import Words, print_evaluation, words_in


def print_training(console: Console, result: Mapping[str, Any], language: str) -> None:
    """Writes the JSON of `train` for a person."""
    words = words_in(language)
    print_evaluation(console, result, language)
    for sentence in (*_tuning(result["tuning"], words), *leakage_sentences(result["leakage"], words)):
        console.print(sentence, markup=False)
    model, grade = result["model"], result["grade"]["grade"]
    details = {
        "version": result["version"],
        "grade": grade,
        "rounds": model["rounds"],
        "calibration": model["calibration"],
    }
    console.print(words("table.version", **details), style="bold", markup=False)
    console.print(next_step(result, words), markup=False)


def next_step(result: Mapping[str, Any], words: Words) -> str:
    """What `kqml promote` will answer to this version."""
    if result["grade"]["grade"] not in PROMOTABLE:
        return words("table.not_promotable")
    return words("table.promotable", version=result["version"])


def _tuning(tuning: Mapping[str, Any] | None, words: Words) -> list[str]:
    if tuning is None:
        return []
    return [words("table.tuned", trials=tuning["trials"], loss=tuning["log_loss"], default=tuning["default_log_loss"])]


def leakage_sentences(leakage: Mapping[str, Any], words: Words) -> list[str]:
    """The flags, then what was said about them."""
    if not leakage["flagged"]:
        return [words("table.leak_none", auc=leakage["auc"], cost=leakage["cost_of_all"])]
    sentences = [words("table.leak_column", **suspect) for suspect in leakage["suspects"]]
    if leakage["auc"] > SUSPICIOUS_AUC:
        sentences.append(words("table.leak_auc", auc=leakage["auc"], limit=SUSPICIOUS_AUC))
    if leakage["unexplained"]:
        return [*sentences, words("table.leak_unexplained")]
    return [*sentences, words("table.leak_explained", explanation=leakage["explanation"])]
