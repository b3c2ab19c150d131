"""The scoring of all accounts of a dataset: version, cutoff, and the scoring to compare with."""

from dataclasses import dataclass

import numpy as np

from features.context import context_of
from features.profile import profile_of
from features.rows import Rows
from kqml.dataset.folder import Dataset
from kqml.errors import BadUse, Fault
from kqml.playbook import Playbook
from kqml.settings import Settings
from models.churn.score_change import ScoreChanges, explain_score_changes
from models.churn.scoring import Scorer, create_scorer
from models.churn.scoring_request import ScoringRequest
from models.registry.versions import find_version, read_bundle
from serve.usecases.model_registry import registry_client


@dataclass(frozen=True, kw_only=True)
class ScoringOptions:
    """How all accounts of a dataset are scored. `cutoff`, `since`: a date or an instant as written, None for what the
    use case says; `model`, `since_model`: version or alias; `reasons`: at most so many per account, in `language`;
    `reason_playbook`: by which they are worded, None for that of the model's training."""

    cutoff: str | None
    since: str | None
    model: str
    since_model: str | None
    reason_playbook: Playbook | None
    reasons: int
    language: str


@dataclass(frozen=True)
class ScoringVersions:
    """The version that scores, the one that scored at the earlier cutoff, both ready."""

    number: int
    scorer: Scorer
    earlier: Scorer


@dataclass(frozen=True)
class ScoringQuestion:
    """A dataset as known at a cutoff, with its accounts now and, where changes are to be explained, at an earlier
    cutoff; the versions that score."""

    dataset: Dataset
    now: ScoringRequest
    then: ScoringRequest | None
    versions: ScoringVersions

    def changes(self) -> ScoreChanges | None:
        """Explain the changes since the earlier cutoff, None without one."""
        if self.then is None:
            return None
        return explain_score_changes(self.versions.earlier, self.then, self.versions.scorer, self.now)


def read_versions(settings: Settings, options: ScoringOptions, earlier: str | None) -> ScoringVersions:
    """Load the versions named from the registry, the earlier one being the same where it is None. Each counts by the
    playbook that it was trained with."""
    registry = registry_client(settings)
    version = find_version(registry, options.model)
    scorer = create_scorer(read_bundle(registry, version), options.reason_playbook)
    if earlier is None:
        return ScoringVersions(version.number, scorer, scorer)
    return ScoringVersions(
        version.number, scorer, create_scorer(read_bundle(registry, find_version(registry, earlier)))
    )


def scoring_question(dataset: Dataset, cutoff: int, since: int | None, versions: ScoringVersions) -> ScoringQuestion:
    """Return every account of a dataset as known at the cutoff, at the earlier one too where there is one."""
    known = dataset.known_before(cutoff)
    return ScoringQuestion(
        known, scoring_request(known, cutoff), None if since is None else scoring_request(known, since), versions
    )


def scoring_request(dataset: Dataset, cutoff: int) -> ScoringRequest:
    """Return every account of a dataset at a cutoff, compared with each other."""
    log = dataset.event_log()
    profile = profile_of(dataset, Rows.grid(log.account_count, np.array([cutoff], dtype=np.int64)))
    words = {str(name): profile[name].tolist() for name in profile}
    return ScoringRequest(log, context_of(dataset.info, dataset.accounts(), log), cutoff, words)


def refuse_later_since(since: str) -> BadUse:
    """Return the refusal of an earlier cutoff that is none."""
    return BadUse(
        "There is no change to explain.",
        [Fault("--since", f"{since} is not before the cutoff", "give an earlier date")],
    )
