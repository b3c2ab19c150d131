"""Weeks of reps decided on demand, from the histories of their accounts alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, or_, select

from kqml.duties import Period
from kqml.events import EventKind
from models.churn.scoring import Scorer
from models.policy.planning.feature_rows import FeatureMatrix
from models.policy.planning.learned_state import LearnedState, LearningEvidence, learned_state_from_json
from models.policy.planning.plan_week import PlanRequest, plan_dataset
from models.value.expected import ValueModel
from serve.database.dataset_export import snapshot_accounts
from serve.database.decision_logs import read_log
from serve.database.duty_overrides import duty_overrides, read_override_rows
from serve.database.learned import newest_learned
from serve.database.records import parts_of
from serve.database.tables import ACCOUNTS, EVENTS
from serve.http.service_state import Service
from serve.security.contact_vault import MaskingVault
from serve.security.objections_and_reviews import objecting_accounts
from serve.usecases.plan_records import PlanRecord, plan_record
from serve.usecases.served_model import LiveModel

MOST_ACCOUNTS = 5_000
"""Whose histories are read for one request: more are planned by `kqml plan --database`."""


@dataclass(frozen=True)
class DecisionContext:
    """Whose weeks are to be decided, in whose name, in which words. `cutoff`: the week's Monday, local midnight."""

    reps: frozenset[str]
    week: Period
    cutoff: int
    by: str
    language: str


class TooManyAccounts(Exception):
    """The reps have more accounts than one request decides."""


def decide_accounts(service: Service, deciding: DecisionContext) -> PlanRecord | None:
    """What is decided for the reps; None where they have no accounts. Nothing is written. Raises TooMany."""
    live = service.served.state.live
    scorer = None if live is None else live.scorer
    playbook, cutoff = service.playbook, deciding.cutoff
    stamp = plan_stamp(live)
    with service.database.snapshot() as connection:
        ids = _accounts(connection, deciding)
        if not ids:
            return None
        dataset = snapshot_accounts(connection, MaskingVault(), ids)
        log = read_log(connection, playbook.actions, cutoff, playbook.limits.suppression_days, ids)
        learned = _learned(connection, scorer, stamp, (playbook.version, cutoff))
        withheld = frozenset(objecting_accounts(connection))
        declared = duty_overrides(read_override_rows(connection, {*ids, *deciding.reps}))
    request = PlanRequest(playbook, deciding.week, scorer, log, deciding.language, learned, withheld, deciding.reps)
    request = replace(request, declared=declared)
    dataset = dataset.known_before(cutoff)
    features = None if scorer is None else _matrix(scorer, dataset.event_log().account_count)
    planned = plan_dataset(dataset, request, features)
    return plan_record(planned, features, stamp, deciding.language, deciding.by)


def plan_stamp(live: LiveModel | None) -> str | None:
    """The model as decisions name it: version, fingerprint; None where weeks are planned without one."""
    if live is None or live.scorer is None:
        return None
    return f"{live.version}@{live.scorer.bundle.fingerprint[:12]}"


def _matrix(scorer: Scorer, accounts: int) -> FeatureMatrix:
    model = scorer.bundle.model
    return FeatureMatrix(accounts, (*model.numeric_columns, *model.categories))


def _accounts(connection: Connection, deciding: DecisionContext) -> list[str]:
    """Those of the reps now, and any that were handed over since the week began: they may have been theirs then."""
    theirs = ACCOUNTS.c.owner_rep_id.in_(sorted(deciding.reps))
    own = _ids(connection, theirs, MOST_ACCOUNTS + 1)
    if len(own) > MOST_ACCOUNTS:
        raise TooManyAccounts
    changed = or_(ACCOUNTS.c.owner_rep_id.is_(None), ~theirs) & (ACCOUNTS.c.updated_at >= deciding.cutoff)
    return sorted({*own, *_moved(connection, _ids(connection, changed), deciding.cutoff)}) if own else []


def _ids(connection: Connection, condition: Any, limit: int | None = None) -> Sequence[str]:
    request = select(ACCOUNTS.c.account_id).where(condition).order_by(ACCOUNTS.c.account_id).limit(limit)
    return connection.execute(request).scalars().all()


def _moved(connection: Connection, ids: Sequence[str], since: int) -> Iterator[str]:
    """Those of the accounts that got another rep, as far as it happened or became known since an instant."""
    moved = (EVENTS.c.kind == EventKind.REP_ASSIGNED.code, EVENTS.c.known_at >= since)
    for part in parts_of(ids):
        request = select(EVENTS.c.account_id).where(EVENTS.c.account_id.in_(part), *moved).distinct()
        yield from connection.execute(request).scalars()


def _learned(
    connection: Connection, scorer: Scorer | None, stamp: str | None, by: tuple[str, int]
) -> LearnedState | None:
    """What `kqml plan --database` last learned with this model and playbook (by: version, cutoff); without it the
    trailing mean stands for the value, and no effect is known."""
    if scorer is None or stamp is None:
        return None
    result = newest_learned(connection, stamp, *by)
    if result is None:
        return LearnedState(ValueModel(None, 0), LearningEvidence(None, why="not_learned"))
    return learned_state_from_json(result.content)[0]


def undecided_reason(account: Mapping[str, Any]) -> str:
    """Why nothing was decided for an account in a week in which its rep's was: a code of the message catalogue."""
    if account["objected_at"] is not None:
        return "objecting"
    if account["owner_rep_id"] is None:
        return "nobody"
    if account["status"] not in (None, "active"):
        return "closed"
    return "not_then"
