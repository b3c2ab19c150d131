"""The adoption report, of the API and of `kqml report adoption --json`."""

from typing import Literal

from typing_extensions import TypedDict

from kqml.contract.fields import Count, Moment, Probability


class AdoptionCounts(TypedDict):
    """What became of recommended actions. `recommended` is the sum of `done`, `overridden`, `failed`, `ignored`, `open`
    and `withdrawn`.

    `accepted`: accepted, or carried out. `done`: carried out as recommended; `verified`: of these. `overridden`:
    rejected, or another action was carried out. `ignored`: still open after the week. `open`: the week is not over.
    `withdrawn`: by the service. `rate`: `done` as a share of those neither open nor withdrawn; null for
    none.
    """

    recommended: Count
    accepted: Count
    done: Count
    verified: Count
    overridden: Count
    failed: Count
    ignored: Count
    open: Count
    withdrawn: Count
    rate: Probability | None


class AdoptionRow(AdoptionCounts):
    """The counts of a rep, an action and a week."""

    rep_id: str | None
    week: str
    action: str


class Override(TypedDict):
    """An action that was rejected, or in place of which another one was carried out. `instead`: the other one, null for
    none. `reason`: as it was reported. `expires_at`: until then the action is not recommended for the account because
    of rejections; null where the account may get it."""

    decision_id: str
    account_id: str
    rep_id: str | None
    week: str
    action: str
    kind: Literal["rejected", "other_action"]
    instead: str | None
    reason: str | None
    at: Moment
    expires_at: Moment | None


class AdoptionReport(TypedDict):
    """The adoption of the recommendations of some weeks, by rep, week and action; the newest overrides, at most 500."""

    from_week: str
    to_week: str
    as_of: Moment
    totals: AdoptionCounts
    rows: list[AdoptionRow]
    overrides: list[Override]
