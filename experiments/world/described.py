"""What `dataset.json` says of a simulated company."""

from typing import Annotated, Literal, NotRequired

from typing_extensions import TypedDict

from experiments.world.almanac import TIME_ZONE
from experiments.world.parameters import FitName
from experiments.world.world import World
from kqml.contract.fields import Count, Day, Fingerprint, SchemaKeyword
from kqml.dataset.folder import ColumnUse, DatasetInfo
from kqml.dataset.info import RecordLag
from kqml.events import KINDS, EventKind

LATE_KINDS = (
    EventKind.VISIT,
    EventKind.VISIT_VERIFIED,
    EventKind.HELP_GIVEN,
    EventKind.HELP_ASKED,
    EventKind.HELP_RECEIVED,
    EventKind.PROMISE_MADE,
    EventKind.COMPETITOR_SEEN,
    EventKind.SLOW_MOVING,
)
"""Kinds that a rep writes down after the visit."""

OFFICE_P95 = {EventKind.ACCOUNT_CLOSED: 28.75, EventKind.CONTACT_LEFT: 19.0, EventKind.ACCOUNT_TRANSFERRED: 3.0}
"""Days after which nearly all of what the office hears of late is known."""

LATE_P95 = 3.6
"""95th percentile of a visit's record lag over its median (two lognormal spreads, .5 of reps and .6 of visits)."""


class WorldSource(TypedDict):
    """Everything needed to make a simulated company again. `world`: hash of the rules."""

    generator: Literal["experiments.world"]
    world: Annotated[str, SchemaKeyword("pattern", "^[0-9a-f]{16}$")]
    fit: FitName
    accounts: Count
    reps: Count
    weeks: Count
    seed: int
    scenarios: list[str]
    end: NotRequired[Day]


class SimulationResult(WorldSource):
    """The dataset written. `departures`: accounts that quietly left; `decisions`: rows of the decision log."""

    out: str
    fingerprint: Fingerprint
    log: Annotated[str, SchemaKeyword("enum", ("reference", "behaviour", "hidden"))] | None
    events: Count
    departures: Count
    decisions: Count


def info_of(world: World) -> DatasetInfo:
    """What `dataset.json` says of a simulated company."""
    late = world.rules.seats.lag_days * LATE_P95
    days = dict.fromkeys(KINDS, 0.0) | dict.fromkeys(LATE_KINDS, late) | OFFICE_P95
    days[EventKind.COMPLAINT] = 0.4 * late
    start = str(world.almanac.dates.start)
    lags = {kind.code: RecordLag(p95_days=round(lag, 2)) for kind, lag in days.items()}
    return DatasetInfo(
        time_zone=TIME_ZONE,
        currency="CNY",
        quiet_periods=tuple(period for period in world.almanac.quiet if period.start < str(world.records_end)),
        columns={
            "tier": ColumnUse(complete_since=start),
            "owner_rep_id": ColumnUse(complete_since=start),
            "status": ColumnUse(usable=False, why="the status of now"),
        },
        record_lags=lags,
        source=source_of(world),
    )


def source_of(world: World) -> WorldSource:
    """Where a result comes from."""
    shape = world.shape
    source = WorldSource(
        generator="experiments.world",
        world=world.hash,
        fit=world.fit,
        accounts=shape.accounts,
        reps=shape.reps,
        weeks=shape.weeks,
        seed=world.seed,
        scenarios=list(world.scenarios),
    )
    if world.end is not None:
        source["end"] = str(world.end)
    return source
