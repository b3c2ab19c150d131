"""A week to plan from the database."""

from dataclasses import dataclass

from kqml.duties import Period
from kqml.playbook import Playbook
from kqml.settings import Settings
from models.churn.scoring import Scorer
from serve.database.contacts import Vault
from serve.security.contact_vault import MASKED
from serve.usecases.model_registry import find_model


@dataclass(frozen=True)
class PlanningModel:
    """The model that weeks are planned with."""

    version: str
    scorer: Scorer

    @property
    def stamp(self) -> str:
        """The model as decisions name it: version and fingerprint."""
        return f"{self.version}@{self.scorer.bundle.fingerprint[:12]}"

    @property
    def grade(self) -> str:
        """The grade of its training procedure."""
        return self.scorer.bundle.model.grade

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of its feature rows."""
        model = self.scorer.bundle.model
        return (*model.numeric_columns, *model.categories)


@dataclass(frozen=True)
class PlanWeekRequest:
    """A week (None: the present one) of some reps (None: of all), with the rules, the model (None: plan without one),
    the name that its decisions are made in. `preview`: whether the week may be to come; by default the next one.
    `vault`: of contacts; only the running week decrypts birthdays."""

    week: Period | None
    playbook: Playbook
    model: PlanningModel | None
    by: str
    reps: frozenset[str] | None = None
    preview: bool = False
    vault: Vault = MASKED


def find_planning_model(settings: Settings, wanted: str | None) -> PlanningModel | None:
    """Return the model of a version or alias; the champion where none is named, None where there is none."""
    model = find_model(settings, wanted)
    return None if model is None else PlanningModel(str(model.number), model.scorer)
