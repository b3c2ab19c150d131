"""What a feature is: a value whose column name is derived from what it measures."""

from dataclasses import dataclass
from enum import StrEnum

from kqml.events import EventKind


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


class Code(StrEnum):
    """What a feature's contribution means in words. Symptoms are what we see; causes (domain §8) go with it."""

    LONGER_SILENT = "longer_silent"
    ORDERS_FALLING = "orders_falling"
    ORDERS_SMALLER = "orders_smaller"
    RANGE_NARROWER = "range_narrower"
    LESS_REGULAR = "less_regular"
    RELATION_AGE = "relation_age"
    ORDER_LEVEL = "order_level"
    SEASON = "season"
    PROFILE = "profile"

    NEGLECT = "neglect"
    REP_CHANGE = "rep_change"
    COMPETITOR = "competitor"
    COMPLAINT = "complaint"
    BROKEN_PROMISE = "broken_promise"
    NO_RESPONSE = "no_response"
    PRESSURE = "pressure"
    SERVICE_FAILURE = "service_failure"
    PRICE_POLICY = "price_policy"
    SLOW_MOVING = "slow_moving"
    SMALL_NEGLECT = "small_neglect"
    MARKET_SHOCK = "market_shock"
    ACCOUNT_CASH = "account_cash"
    CONDUCT = "conduct"
    SHALLOW = "shallow"
    NATURAL = "natural"
    NO_FOLLOW_UP = "no_follow_up"

    @property
    def is_cause(self) -> bool:
        return self not in _SYMPTOMS


_SYMPTOMS = frozenset(
    {
        Code.LONGER_SILENT,
        Code.ORDERS_FALLING,
        Code.ORDERS_SMALLER,
        Code.RANGE_NARROWER,
        Code.LESS_REGULAR,
        Code.RELATION_AGE,
        Code.ORDER_LEVEL,
        Code.SEASON,
        Code.PROFILE,
    }
)


class Aggregation(StrEnum):
    """How the visible events of a stream become one number. Days are 86,400 s; `n` is `Atom.last`.

    Over a window: count; days, weeks (distinct local days, Monday weeks, with an event); sum, mean, std, cv, maximum
    of a value column, absent values left out (std with n - 1; cv = std / |mean|); distinct codes of a code column.
    A window without events has sum 0; one whose events all lack the value has no sum.
    Over all that is visible, in active days: since_last, since_first (before the cutoff); gap_mean, gap_std (n - 1),
    gap_median, gap_p90 (linear between ranks), gap_last over the last n gaps between consecutive events.
    """

    COUNT = "count"
    DAYS = "days"
    WEEKS = "weeks"
    SUM = "sum"
    MEAN = "mean"
    STD = "std"
    CV = "cv"
    MAXIMUM = "max"
    DISTINCT = "distinct"
    SINCE_LAST = "since_last"
    SINCE_FIRST = "since_first"
    GAP_MEAN = "gap_mean"
    GAP_STD = "gap_std"
    GAP_MEDIAN = "gap_median"
    GAP_P90 = "gap_p90"
    GAP_LAST = "gap_last"

    @property
    def is_timeless(self) -> bool:
        """Reads all that is visible, never a window."""
        return self in _TIMELESS

    @property
    def reads_value(self) -> bool:
        return self in _OF_VALUES

    @property
    def reads_gaps(self) -> bool:
        """Needs to be told how many gaps."""
        return self in _OF_GAPS


_OF_GAPS = frozenset({Aggregation.GAP_MEAN, Aggregation.GAP_STD, Aggregation.GAP_MEDIAN, Aggregation.GAP_P90})
_TIMELESS = _OF_GAPS | {Aggregation.SINCE_LAST, Aggregation.SINCE_FIRST, Aggregation.GAP_LAST}
_OF_VALUES = frozenset({Aggregation.SUM, Aggregation.MEAN, Aggregation.STD, Aggregation.CV, Aggregation.MAXIMUM})


@dataclass(frozen=True)
class Stream:
    """A set of kinds read as one sequence of events, with the short name that columns use."""

    name: str
    kinds: frozenset[EventKind]


@dataclass(frozen=True)
class Atom:
    """One aggregation over one stream: in `[cutoff - lag - days, cutoff - lag)`, or, without `days`, over all that is
    visible before the cutoff.

    `value`: the value or code column, for aggregations that read one. `last`: gaps looked at, newest first.
    """

    stream: Stream
    aggregation: Aggregation
    value: str | None = None
    days: int | None = None
    lag: int = 0
    last: int | None = None

    @property
    def column(self) -> str:
        parts = [self.stream.name, self.value, self.aggregation.value]
        if self.days is not None:
            parts.append(f"{self.days}d")
        if self.lag:
            parts.append(f"lag{self.lag}d")
        if self.last is not None:
            parts.append(f"last{self.last}")
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


class Season(StrEnum):
    """Numbers that the cutoff's local date gives by itself."""

    YEAR_SIN = "year_sin"
    YEAR_COS = "year_cos"


@dataclass(frozen=True)
class Calendar:
    """A number of the cutoff's local date."""

    of: Season

    @property
    def column(self) -> str:
        return f"calendar_{self.of.value}"


@dataclass(frozen=True)
class Peer:
    """An account's number less the mean of its like at the same cutoff (features.peers)."""

    own: Atom | Combined

    @property
    def column(self) -> str:
        return f"peer_{self.own.column}"


Measure = Atom | Combined | Calendar | Peer


def atoms_of(measure: Measure) -> tuple[Atom, ...]:
    """Every atom that a measure reads, from left to right."""
    match measure:
        case Atom():
            return (measure,)
        case Combined(left, _, right):
            return (*atoms_of(left), right)
        case Peer(own):
            return atoms_of(own)
        case Calendar():
            return ()


def combined_of(measure: Measure) -> tuple[Combined, ...]:
    """Every combination in a measure, inner ones first."""
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
