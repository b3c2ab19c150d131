"""`kqml score --store`: all accounts of the store scored, the scores kept there with why they moved."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kqml.cli.scoring import Question, Versions, asked_of, described, read_versions
from kqml.cli.security import now as present
from kqml.cli.store_flag import Source
from kqml.errors import BadUse, Fault
from kqml.settings import Settings

if TYPE_CHECKING:
    from models.score_file import Tally
    from models.scoring import Score
    from models.why_changed import ScoreChanges
    from serve.store.scores import Run


@dataclass(frozen=True)
class Wish:
    """What the flags ask for."""

    cutoff: str | None
    since: str | None
    model: str
    since_model: str | None
    playbook: str | None
    reasons: int


def score_store(source: Source, settings: Settings, wish: Wish, language: str, out: Path | None) -> dict[str, Any]:
    """Scores the accounts as they were when the store was read, keeps the scores, writes them to a file where asked."""
    from models.why_changed import why_changed
    from serve.scored_runs import keep_run, rows_of
    from serve.store.scores import Run

    assert source.found is not None
    now, store = present(), source.found.store
    since = _since(source, settings, wish)
    question = _question(source.folder, wish, since, now)
    earlier = None if since is None else since.model
    versions = read_versions(settings, wish.model, earlier, wish.playbook)
    changes = None
    if question.then is not None:
        changes = why_changed(versions.earlier, question.then, versions.scorer, question.now)
    tally, scores = _scored(out, question, versions, language, wish.reasons, changes)
    run = Run(question.now.cutoff, str(versions.number))
    rows = list(rows_of(scores, run, now, since, changes))
    crossed = keep_run(store, run, rows, question.dataset.info.time_zone, now)
    return {**described(out, question, versions, tally, language), "crossed": crossed}


def _since(source: Source, settings: Settings, wish: Wish) -> "Run | None":
    """The scoring to compare with: the one named, else the store's last one if its version can still be had."""
    from features.cutoffs import parse_cutoff
    from kqml.dataset import read_dataset
    from serve.store.scores import Run, last_run

    assert source.found is not None
    with source.found.store.reading() as connection:
        last = last_run(connection)
    if wish.since is None:
        return last if last is not None and _is_there(settings, last.model) else None
    cutoff = parse_cutoff(wish.since, read_dataset(source.folder).info.time_zone)
    same = last is not None and last.cutoff == cutoff
    return Run(cutoff, wish.since_model or (last.model if last is not None and same else wish.model))


def _is_there(settings: Settings, version: str) -> bool:
    from kqml.cli.registry import store_of
    from models.registry.versions import find_version

    try:
        find_version(store_of(settings), version)
    except BadUse:
        return False
    return True


def _question(folder: Path, wish: Wish, since: "Run | None", now: int) -> Question:
    from features.cutoffs import parse_cutoff
    from kqml.dataset import read_dataset

    dataset = read_dataset(folder)
    cutoff = now if wish.cutoff is None else parse_cutoff(wish.cutoff, dataset.info.time_zone)
    if wish.since is not None and since is not None and since.cutoff >= cutoff:
        fault = Fault("--since", f"{wish.since} is not before the cutoff", "give an earlier date")
        raise BadUse("There is no change to explain.", [fault])
    compared = since is not None and since.cutoff < cutoff
    return Question(dataset, asked_of(dataset, cutoff), asked_of(dataset, since.cutoff) if since and compared else None)


def _scored(
    out: Path | None,
    question: Question,
    versions: Versions,
    language: str,
    reasons: int,
    changes: "ScoreChanges | None",
) -> "tuple[Tally, list[Score]]":
    from models.score_file import tally_of, write_scores

    kept: list[Score] = []

    def noted() -> "Iterator[Sequence[Score]]":
        for part in versions.scorer.stream(question.now, language, reasons):
            kept.extend(part)
            yield part

    if out is not None:
        return write_scores(out, noted(), language, changes), kept
    return tally_of(noted()), kept
