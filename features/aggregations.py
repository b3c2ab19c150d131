"""Aggregations: how the visible events of a stream become one number."""

from enum import StrEnum


class Aggregation(StrEnum):
    """Days are 86,400 s; `n` is `Atom.last`.

    Over a window: count; days, weeks (distinct local days, Monday weeks, with an event); sum, mean, std, cv, max, min
    of a value column, absent values left out (std with n - 1; cv = std / |mean|); distinct codes of a code column;
    single: 1 where all codes are the same one, else 0. A window without events has sum 0; one whose events all lack
    the value has no sum.
    Over all that is visible, in active days: since_last, since_first (before the cutoff); gap_mean, gap_std (n - 1),
    gap_median, gap_p90 (linear between ranks), gap_last over the last n gaps between consecutive events.

    Of what a stream with a Closing opened, in the window or ever: open (number without a closing known), open_age
    (days since the oldest open one), overdue (number open past their due time), overdue_sum of a value, overdue_age
    (days since the earliest due time of those), each 0 where there is none; closed_share, closing_days (mean days from
    opening to closing), late_days (mean days from the due time to the closing, or to the cutoff, 0 where closed in
    time, of those whose due time has passed), missing where there is none to share or average. Days are plain here.

    Of a stream with a Ledger, at the cutoff or `lag` days before it, as known at the cutoff: balance, the sum of
    weights, each halved after its half-life; deposits, withdrawals, its two parts; over a window: worst, the smallest
    weight booked in it (not faded).
    Of a stream with a Card: known, the share of the card's weight whose fields were filled.
    """

    COUNT = "count"
    DAYS = "days"
    WEEKS = "weeks"
    SUM = "sum"
    MEAN = "mean"
    STD = "std"
    CV = "cv"
    MAXIMUM = "max"
    MINIMUM = "min"
    DISTINCT = "distinct"
    SINGLE = "single"
    SINCE_LAST = "since_last"
    SINCE_FIRST = "since_first"
    GAP_MEAN = "gap_mean"
    GAP_STD = "gap_std"
    GAP_MEDIAN = "gap_median"
    GAP_P90 = "gap_p90"
    GAP_LAST = "gap_last"
    OPEN = "open"
    OPEN_AGE = "open_age"
    OVERDUE = "overdue"
    OVERDUE_SUM = "overdue_sum"
    OVERDUE_AGE = "overdue_age"
    CLOSED_SHARE = "closed_share"
    CLOSING_DAYS = "closing_days"
    LATE_DAYS = "late_days"
    BALANCE = "balance"
    DEPOSITS = "deposits"
    WITHDRAWALS = "withdrawals"
    WORST = "worst"
    KNOWN = "known"

    @property
    def is_timeless(self) -> bool:
        """Whether the aggregation reads all visible events, never a window."""
        return self in _TIMELESS

    @property
    def reads_value(self) -> bool:
        return self in _OF_VALUES

    @property
    def reads_code(self) -> bool:
        return self in (Aggregation.DISTINCT, Aggregation.SINGLE)

    @property
    def reads_gaps(self) -> bool:
        """Whether the aggregation needs the number of gaps."""
        return self in _OF_GAPS

    @property
    def reads_closing(self) -> bool:
        """Whether the aggregation needs a stream with a Closing."""
        return self in _OF_CLOSINGS

    @property
    def reads_ledger(self) -> bool:
        """Whether the aggregation needs a stream with a Ledger."""
        return self in _OF_LEDGER

    @property
    def fades(self) -> bool:
        """Whether the aggregation reads all events visible at an instant that may lie before the cutoff."""
        return self in _FADING


_OF_GAPS = frozenset({Aggregation.GAP_MEAN, Aggregation.GAP_STD, Aggregation.GAP_MEDIAN, Aggregation.GAP_P90})
_TIMELESS = _OF_GAPS | {Aggregation.SINCE_LAST, Aggregation.SINCE_FIRST, Aggregation.GAP_LAST, Aggregation.KNOWN}
_OF_VALUES = frozenset(
    {
        Aggregation.SUM,
        Aggregation.MEAN,
        Aggregation.STD,
        Aggregation.CV,
        Aggregation.MAXIMUM,
        Aggregation.MINIMUM,
        Aggregation.OVERDUE_SUM,
    }
)
_OF_CLOSINGS = frozenset(
    {
        Aggregation.OPEN,
        Aggregation.OPEN_AGE,
        Aggregation.OVERDUE,
        Aggregation.OVERDUE_SUM,
        Aggregation.OVERDUE_AGE,
        Aggregation.CLOSED_SHARE,
        Aggregation.CLOSING_DAYS,
        Aggregation.LATE_DAYS,
    }
)
_FADING = frozenset({Aggregation.BALANCE, Aggregation.DEPOSITS, Aggregation.WITHDRAWALS})
_OF_LEDGER = _FADING | {Aggregation.WORST}
