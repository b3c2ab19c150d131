"""The churn definition once more, slow and obvious: one account, one cutoff, plain lists."""

import itertools
import math

LEAVING = ("account_suspended", "account_closed", "account_transferred")


def active_between(start, end, quiet):
    """Days from start to end that are not quiet."""
    return (end - start) - sum(max(0, min(end, stop) - max(start, begin)) for begin, stop in quiet)


def known(history, cutoff):
    """The events that had happened and were recorded, not retracted before the cutoff, as they happened."""
    seen = [event for event in history if event[0] < cutoff and event[0] + event[2] < cutoff]
    return [event[:3] for event in seen if retracted(event) >= cutoff]


def retracted(event):
    """The day on which an event was retracted, infinity where it never was."""
    return event[3] if len(event) > 3 and event[3] is not None else math.inf


def eligible(history, cutoff, definition, quiet):
    orders = [day for day, kind, _ in known(history, cutoff) if kind == "order"]
    changes = [kind for _, kind, _ in known(history, cutoff) if kind in (*LEAVING, "account_reopened")]
    if len(orders) < definition.min_orders or (changes and changes[-1] in LEAVING):
        return False
    return active_between(orders[-1], cutoff, quiet) <= definition.active_within


def label(history, cutoff, definition, quiet):
    """What LabelledRows holds for an eligible row, as a dictionary of days and truths."""
    ends = definition.gap + definition.horizon
    known_orders = [day for day, kind, _ in known(history, cutoff) if kind == "order"]
    cycle = own_cycle(known_orders, quiet)
    happened = [event[:3] for event in history if retracted(event) == math.inf]
    all_orders = [day for day, kind, _ in happened if kind == "order"]
    later = [day for day in all_orders if in_window(day, cutoff, definition, quiet)]
    ever = [day for day, kind, *_ in history if kind == "order" and not in_window(day, cutoff, definition, quiet)]
    return {
        "churned": not any(active_between(cutoff, day, quiet) < ends for day in later),
        "censored": any(
            kind in ("account_closed", "account_transferred")
            and day >= cutoff
            and active_between(cutoff, day, quiet) < ends
            for day, kind, _ in happened
        ),
        "already_silent": bool(active_between(known_orders[-1], cutoff, quiet) > cycle),
        "last_order": known_orders[-1],
        "own_cycle": cycle,
        "silent_since": max((day for day in all_orders if day not in later), default=max(ever)),
        "next_order": min(later, default=math.inf),
    }


def in_window(day, cutoff, definition, quiet):
    """Whether a day is not before the opening of the window."""
    return day >= cutoff and active_between(cutoff, day, quiet) >= definition.gap


def own_cycle(orders, quiet):
    """The mean of the last 26 gaps; nan without any."""
    gaps = [active_between(left, right, quiet) for left, right in itertools.pairwise(orders)][-26:]
    return sum(gaps) / len(gaps) if gaps else math.nan
