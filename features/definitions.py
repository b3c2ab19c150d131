"""Feature definitions: values whose column names derive from what they measure."""

from dataclasses import dataclass
from enum import StrEnum

from features.aggregations import Aggregation
from features.rules import Rule
from kqml.events import EventKind
from kqml.reason_codes import Code

__all__ = [
    "Aggregation",
    "Atom",
    "CadenceTarget",
    "Calendar",
    "Code",
    "Combined",
    "Direction",
    "Feature",
    "FeatureGroup",
    "Measure",
    "Operation",
    "Peer",
    "SeasonMeasure",
    "Stream",
    "atoms_of",
    "combined_of",
]


class FeatureGroup(StrEnum):
    """The families of design §5, by which features are listed, explained, switched off in ablations."""

    RECENCY = "recency"
    FREQUENCY = "frequency"
    MONETARY = "monetary"
    RHYTHM = "rhythm"
    TREND = "trend"
    RELATIONSHIP = "relationship"
    CADENCE = "cadence"
    SERVICE = "service"
    CASH = "cash"
    REP = "rep"
    PEER = "peer"
    CALENDAR = "calendar"
    STUFFING = "stuffing"
    MARKET = "market"


class Direction(StrEnum):
    """What a larger value is expected to do to the churn probability; a cause is shown only when it does so."""

    RISING = "rising"
    FALLING = "falling"
    EITHER = "either"


@dataclass(frozen=True)
class Stream:
    """A set of kinds read as one sequence of events, with the short name that columns use.

    `rule`: how they are read where their kind alone does not say it.
    """

    name: str
    kinds: frozenset[EventKind]
    rule: Rule | None = None


@dataclass(frozen=True)
class Atom:
    """One aggregation over one stream: in `[cutoff - lag - days, cutoff - lag)`, or, without `days`, over all that is
    visible before the cutoff.

    `months`: instead of days, the local calendar month of the cutoff as far as it has gone (0), the one before it (1).
    `value`: the value or code column, for aggregations that read one. `last`: gaps looked at, newest first.
    """

    stream: Stream
    aggregation: Aggregation
    value: str | None = None
    days: int | None = None
    lag: int = 0
    last: int | None = None
    months: int | None = None

    @property
    def column(self) -> str:
        parts = [self.stream.name, self.value, self.aggregation.value]
        if self.days is not None:
            parts.append(f"{self.days}d")
        if self.lag:
            parts.append(f"lag{self.lag}d")
        if self.last is not None:
            parts.append(f"last{self.last}")
        if self.months is not None:
            parts.append("last_month" if self.months else "this_month")
        return "_".join(part for part in parts if part)


class Operation(StrEnum):
    """How two atoms become one number; missing when either is, and a ratio also when its divisor is 0."""

    RATIO = "over"
    DIFFERENCE = "minus"
    RATE_RATIO = "rate_over"


@dataclass(frozen=True)
class Combined:
    """Two numbers in one; the left one may itself be combined ((recency - mean) / spread).

    RATE_RATIO takes two windows and divides each by its own days before the ratio.
    """

    left: "Atom | Combined"
    operation: Operation
    right: Atom

    @property
    def column(self) -> str:
        return f"{self.left.column}__{self.operation.value}__{self.right.column}"


class SeasonMeasure(StrEnum):
    """Numbers derived from the cutoff's local date."""

    YEAR_SIN = "year_sin"
    YEAR_COS = "year_cos"
    FESTIVAL_AHEAD = "spring_festival_ahead"
    FESTIVAL_BEHIND = "spring_festival_behind"


@dataclass(frozen=True)
class Calendar:
    """A number of the cutoff's local date: a coordinate of the time of year, days to the midnight with which the next
    Spring Festival begins, days since the latest one began."""

    of: SeasonMeasure

    @property
    def column(self) -> str:
        return f"calendar_{self.of.value}"


@dataclass(frozen=True)
class Peer:
    """An account's number less the mean of its like at the same cutoff (features.peers); with `mean` that itself."""

    own: Atom | Combined
    mean: bool = False

    @property
    def column(self) -> str:
        return f"{'peer_mean' if self.mean else 'peer'}_{self.own.column}"


@dataclass(frozen=True)
class CadenceTarget:
    """An account's number divided by what its tier, as known at the cutoff, has for a target; missing without one.

    With `excess` how far that lies above 1, else 0.
    """

    own: Atom
    targets: tuple[tuple[str, float], ...]
    excess: bool = False

    @property
    def column(self) -> str:
        return f"{self.own.column}__{'beyond' if self.excess else 'over'}_target"


Measure = Atom | Combined | Calendar | Peer | CadenceTarget


def atoms_of(measure: Measure) -> tuple[Atom, ...]:
    """Return every atom that a measure reads, from left to right."""
    match measure:
        case Atom():
            return (measure,)
        case Combined(left, _, right):
            return (*atoms_of(left), right)
        case Peer(own) | CadenceTarget(own):
            return atoms_of(own)
        case Calendar():
            return ()


def combined_of(measure: Measure) -> tuple[Combined, ...]:
    """Return every combination in a measure, inner ones first."""
    match measure:
        case Combined(left, _, _):
            return (*combined_of(left), measure)
        case Peer(own):
            return combined_of(own)
        case _:
            return ()


@dataclass(frozen=True)
class Feature:
    """A number known before the cutoff: what it measures, what it means when it speaks, why it is there.

    `why` is a key of the messages `features.why`. `fill` replaces a value that is missing because there was nothing
    to measure (no event in the window), never one that is missing because nothing was recorded; None leaves it.
    """

    measure: Measure
    group: FeatureGroup
    code: Code
    direction: Direction
    why: str
    fill: float | None = None

    @property
    def column(self) -> str:
        return self.measure.column
