"""Every key of the playbook changes what the product computes, or is refused."""

import typing
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import fields, is_dataclass, replace
from datetime import date, timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from duty_inputs import book, drawn, instant
from duty_inputs import event as duty_event
from grade_cases import event, known_of
from small_company import shared_small_company

from features.catalog import catalog, catalog_fingerprint
from features.definitions import Code
from kqml.calendar.business_time import DAY_US
from kqml.calendar.workdays import workdays
from kqml.duties import DutyInputs, compliance, list_duties, month, week
from kqml.duties.reps import DutyRep
from kqml.errors import BadUse
from kqml.grades.account_grades import overall_classes
from kqml.grades.customer_card import filled_by_events, filled_by_tables
from kqml.grades.depth import depth_evidence, depth_levels
from kqml.grades.emotional_account import balances
from kqml.grades.relationship import grades_of, relationship_score
from kqml.grades.sales import abc_classes
from kqml.messages.coded import Title
from kqml.playbook import Playbook, read_playbook
from kqml.playbook.codes import CAUSES, FACTS
from kqml.playbook.differences import playbook_differences
from kqml.playbook.playbook import playbook_from
from kqml.playbook.reading import parse_playbook
from models.churn.reasons.facts import locate
from models.churn.reasons.reasons import Reason
from models.churn.reasons.sentences import Way
from models.churn.reasons.wording import choose_sentence, vocabulary, wording
from models.policy.brief.brief import BriefWriter
from models.policy.brief.inputs import read_brief_inputs
from models.policy.exploration.randomisation import holdout_accounts
from models.policy.guardrails.account_state import AccountState
from models.policy.guardrails.rules import apply_guardrails
from models.policy.planning.assessment import unassessed
from models.policy.planning.claims import PlanClaims
from models.policy.planning.company import capacities, read_company
from models.policy.planning.learned_state import UNLEARNED
from models.policy.planning.plan_summary import plan_rows, rep_rows
from models.policy.planning.plan_week import PlanRequest, plan_dataset
from models.policy.planning.week_decision import plan_week
from models.policy.schedule.open_actions import OpenDecision, open_actions
from models.policy.schedule.scheduling import schedule_week
from models.policy.schedule.working_week import RepAvailability, working_days
from models.uplift.decision_log import DecisionLog
from models.value.margins import margin_rates

PLAIN = read_playbook()
WEEK = week("2023-W08")
LANGUAGES = ("zh", "en")


def keys_of(kind: Any, path: str = "") -> Iterator[str]:
    """Every key of a dataclass, with those of the dataclasses in it; `[]` stands for any entry of an array."""
    hints = typing.get_type_hints(kind)
    for field in fields(kind):
        name, hint = f"{path}{field.name}", hints[field.name]
        entries = [each for each in typing.get_args(hint) if is_dataclass(each)]
        if is_dataclass(hint):
            yield from keys_of(hint, f"{name}.")
        elif entries:
            yield from keys_of(entries[0], f"{name}[].")
        elif name == "facts":
            yield from (f"facts.{code}.{threshold}" for code, named in FACTS.items() for threshold in named)
        else:
            yield name


def changed(path: str, value: object) -> Playbook:
    """The preset for stores with one value changed; numbers in the path are places in arrays."""
    content: Any = deepcopy(PLAIN.content)
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    inner = content
    for part in parents:
        inner = inner[part]
    inner[last] = value
    return playbook_from(content)


@cache
def books() -> tuple[DutyInputs, ...]:
    return tuple(book(**drawn(seed)) for seed in range(8))


def duties_due(playbook: Playbook) -> object:
    asked = ((week("2024-W06"), "2024-02-08"), (month("2024-02"), "2024-02-20"))
    calendar = workdays(playbook.country)
    return [
        list_duties(each, playbook, calendar, period, instant(f"{cutoff}T00:00")).drop(["playbook"]).to_pylist()
        for each in books()
        for period, cutoff in asked
    ]


def duties_long_due(playbook: Playbook) -> object:
    """An account of which nobody took care for weeks after its rep changed."""
    moved = duty_event("rep_assigned", "2024-01-01T09:00", rep_id="r2", attributes={"from": "r", "to": "r2"})
    inputs = book([duty_event("inbound", "2024-01-01T09:00"), moved])
    table = list_duties(inputs, playbook, workdays(playbook.country), week("2024-W06"), instant("2024-01-20T00:00"))
    return table.drop(["playbook"]).to_pylist()


def compliance_shown(playbook: Playbook) -> object:
    calendar, months = workdays(playbook.country), [date(2024, 1, 1), date(2024, 2, 1)]
    return [compliance(each, playbook, calendar, months, instant("2024-03-01T00:00")).to_pylist() for each in books()]


def features_computed(playbook: Playbook) -> object:
    return catalog_fingerprint(catalog(playbook))


DAY, START = 1000, 908
"""A quarter."""

CARD = [field.name for field in PLAIN.card]
HISTORIES = [
    [
        event(600, "order", amount=50),
        event(940, "order", amount=52),
        *(event(825 + 12 * n, "visit", contact_id=f"p{n % 4}") for n in range(14)),
        *(event(830 + 30 * n, "help_given") for n in range(5)),
        *(event(925 + 15 * n, "call", contact_id="p0") for n in range(4)),
        event(930, "help_asked", id="q1", attributes={"topic": "order"}),
        event(931, "help_received", ref="q1"),
        event(935, "help_asked", id="q2", attributes={"topic": "price"}),
        event(936, "help_received", ref="q2"),
        event(937, "help_asked", id="q6", attributes={"topic": "other"}),
        event(940, "complaint", id="c1"),
        event(942, "complaint_resolved", ref="c1"),
        event(970, "complaint", id="c2"),
        event(950, "promise_made", due=960),
        event(955, "inbound"),
        event(956, "call", contact_id="p0"),
        event(900, "payment_due", due=920, id="i1", amount=100.0),
        event(930, "payment_received", ref="i1", amount=100.0),
        event(940, "payment_due", due=960, id="i2", amount=100.0),
        event(945, "card_updated", attributes={"fields": CARD[1:]}),
    ],
    [
        *(event(840 + 20 * n, "visit", contact_id=f"p{n % 2}") for n in range(7)),
        *(event(900 + n, "help_given") for n in range(2)),
        event(930, "help_asked", id="q3"),
        event(931, "help_received", ref="q3"),
        event(935, "help_asked", id="q4"),
        event(910, "card_updated", attributes={"fields": CARD[: len(CARD) // 2]}),
    ],
    [
        *(event(900 + 20 * n, "visit", contact_id="p") for n in range(4)),
        event(935, "help_asked", id="q5"),
        event(990, "gift", amount=30.0),
        event(910, "card_updated", attributes={"fields": CARD[:5]}),
    ],
    [
        *(event(500 + n, "visit", contact_id=f"p{n % 4}") for n in range(4)),
        event(600, "card_updated", attributes={"fields": ["shop_sign"]}),
    ],
]
"""High, middle, basic, none."""


@cache
def known() -> Any:
    return known_of(DAY, *HISTORIES)


def grades_given(playbook: Playbook) -> object:
    filled = filled_by_events(known(), playbook.card).share
    deep = depth_evidence(known(), playbook, filled)
    score = relationship_score(
        known(), playbook, START * DAY_US, depth_evidence(known(), playbook, filled, START * DAY_US)
    )
    relation = grades_of(score.score, playbook.relationship_grade.grades)
    results = abc_classes(np.array([50.0, 30.0, 15.0, 5.0]), playbook.abc)
    grades = {"results": results, "relationship": relation, "credit": np.array(["A", "B", None, "C"], dtype=object)}
    whole, number = overall_classes(grades, playbook)
    parts = (depth_levels(deep, playbook), balances(known(), playbook), score.score, relation, results, whole, number)
    return [np.round(one.astype(float), 9).tolist() if one.dtype.kind == "f" else one.tolist() for one in parts]


def card_filled(playbook: Playbook) -> object:
    accounts = pd.DataFrame({"account_id": ["a"], "name": ["N"], "segment": [None]})
    contacts = pd.DataFrame({"contact_id": ["p"], "account_id": ["a"], "role": ["owner"]})
    tables = filled_by_tables(accounts.set_index("account_id", drop=False), contacts, playbook.card)
    return tables.share.tolist(), filled_by_events(known(), playbook.card).share.tolist()


@cache
def dataset() -> Any:
    return shared_small_company().dataset


def reasons() -> tuple[tuple[Reason, ...], ...]:
    count = len(read_company(dataset(), PLAIN, WEEK).account_ids)
    codes = [Code(CAUSES[place % len(CAUSES)]) for place in range(count)]
    titles = (Title(dict.fromkeys(LANGUAGES, f"because of {code}")) for code in codes)
    return tuple((Reason(code, "rising", 0.5, title),) for code, title in zip(codes, titles, strict=True))


def plan_made(playbook: Playbook) -> object:
    company = read_company(dataset(), playbook, WEEK)
    given = reasons()
    blank = unassessed(len(given), len(playbook.actions))
    at_risk = np.linspace(10.0, 2_000.0, len(given))
    judged = replace(blank, raised=np.ones(len(given), dtype=bool), at_risk=at_risk, reasons=given)
    plan = plan_week(company, judged, np.zeros((len(given), len(playbook.actions))))
    rows = plan_rows(plan, PlanClaims(plan, UNLEARNED.evidence), np.arange(len(given)), "en")
    return (
        rows,
        rep_rows(plan, PlanClaims(plan, UNLEARNED.evidence)),
        plan.guarded.rule.tolist(),
        plan.problem.floor.tolist(),
    )


def briefs_written(playbook: Playbook) -> object:
    company = read_company(dataset(), playbook, WEEK)
    ids = [str(name) for name in company.account_ids[: len(CAUSES)]]
    material, given = read_brief_inputs(company, ids), reasons()
    writer = BriefWriter(company, material)
    return [writer.write(name, "visit", given[place]) for place, name in enumerate(ids)]


def actions_allowed(playbook: Playbook) -> object:
    count, actions = 60, len(playbook.actions)
    random = np.random.default_rng(0)
    situation = AccountState(
        tier=random.choice(np.array(["A", "B", "C"], dtype=object), count),
        active=np.ones(count, dtype=bool),
        consent=random.random(count) > 0.3,
        open_share=random.random(count),
        rep_share=np.ones(count),
        week=random.integers(0, 4, (count, 3)).astype(float),
        month=random.integers(0, 13, (count, 3)).astype(float),
        rejected=random.integers(0, 4, (count, actions)).astype(float),
        gift_asked=random.random(count) > 0.5,
        gift_room=np.full(count, 100.0),
    )
    return apply_guardrails(situation, playbook).rule.tolist()


def gift_actions(playbook: Playbook) -> object:
    """What is allowed where every visit brings a gift."""
    actions = tuple(replace(one, gift=10.0 * ("visit" in one.contacts)) for one in playbook.actions)
    return actions_allowed(replace(playbook, actions=actions))


def gift_duties(playbook: Playbook) -> object:
    """Duties where every festival asks for a gift."""
    festivals = tuple(replace(one, gift=("A", "B", "C"), days_before=3) for one in playbook.festivals)
    return duties_due(replace(playbook, festivals=festivals))


def suppressed(playbook: Playbook) -> object:
    ids = [str(name) for name in read_company(dataset(), PLAIN, WEEK).account_ids]
    cutoff = read_company(dataset(), PLAIN, WEEK).cutoff
    named = [f"{name}-{number}" for name in ids for number in range(2)]
    decisions = pd.DataFrame({"decision_id": named, "account_id": [name for name in ids for _ in range(2)]})
    ago = cutoff - 20 * DAY_US
    states = decisions[["decision_id"]].assign(state="rejected", at=ago, known_at=ago, action="visit")
    plan = plan_dataset(dataset(), PlanRequest(playbook, WEEK, log=DecisionLog(decisions, states))).plan
    return plan.guarded.rule.tolist()


def held_out_accounts(playbook: Playbook) -> object:
    names = [f"a{number}" for number in range(200)]
    mondays = [date(2023, 1, 2) + timedelta(weeks=number) for number in range(0, 60, 4)]
    return [holdout_accounts(playbook.holdout, names, monday).tolist() for monday in mondays]


def hours_given(playbook: Playbook) -> object:
    """Where the table of reps says nothing."""
    company = read_company(dataset(), playbook, WEEK)
    nothing = SimpleNamespace(table=lambda name: pa.table({"rep_id": list(company.rep_ids)}))
    return capacities(replace(company, dataset=nothing)).tolist()


def week_scheduled(playbook: Playbook) -> object:
    """A week of a rep whose stores have managers and lie far from each other."""
    accounts = [{"latitude": 31 + number / 10, "longitude": 121} for number in range(12)]
    actions = [
        contact
        for number, account in enumerate(accounts)
        for contact in open_actions(
            OpenDecision(decision_id=str(number), action="visit", account=account, roles=("manager",)), playbook
        )
    ]
    days = working_days(RepAvailability(DutyRep("R")), WEEK, playbook, WEEK.first, 0)
    return schedule_week(actions, days, playbook.workday.km_per_hour)


def margins(playbook: Playbook) -> object:
    return margin_rates(dataset(), playbook).tolist()


def version(playbook: Playbook) -> object:
    return playbook.version


def differences_shown(playbook: Playbook) -> object:
    return playbook_differences(PLAIN, playbook)


WAYS: tuple[Way, ...] = ("rising", "falling")
CATEGORIES = {"tier": ("A", "B", "C"), "segment": ("dealer", "pharmacy"), "region": ("east",)}
NUMBERS = (0, 0.2, 0.5, 0.6, 0.8, 0.92, 1, 1.2, 2, 3, 5, 8, 12, 20, 40, 150, 1200, -0.2, -0.5)


SPOKEN_BY = {("pressure", "balance"): Code.RELATION_COOLER}
"""Thresholds that another code's sentences claim."""


@cache
def random_rows() -> list[list[float]]:
    features = catalog()
    random, places = np.random.default_rng(0), locate(features, CATEGORIES).values()
    rows = np.full((5_000, len(features) + len(CATEGORIES)), np.nan)
    for one in (each for each in places if each.index is not None):
        numbers = random.choice(NUMBERS, len(rows)) / one.scale
        rows[:, one.index] = np.where(random.random(len(rows)) < 0.7, numbers, np.nan)
    rows[:, len(features)] = random.integers(0, 3, len(rows))
    return list(rows.tolist())


def sentences_said(playbook: Playbook, code: Code) -> object:
    """What a reason says of accounts with random numbers."""
    words = wording(vocabulary(catalog(), CATEGORIES, playbook.facts), "CNY")
    return [choose_sentence(words, code, way, row) for row in random_rows() for way in WAYS]


ALL_TIERS_VISIT = {"A": ["visit"], "B": ["visit"], "C": ["visit"]}
MONTHLY = {"A": {"visit": 6, "call": 3, "message": 3}, "B": {"visit": 3, "call": 1, "message": 1}} | {
    "C": {"visit": 2, "call": 2, "message": 2}
}
TITLE = {"zh": "另一个", "en": "another one"}

KEYS: dict[str, tuple[str, object, Callable[[Playbook], object]]] = {
    "name": ("name", "mine", version),
    "country": ("country", "US", duties_due),
    "cadence": ("cadence", MONTHLY, duties_due),
    "cadence_floor": ("cadence_floor", {"A": 0.9, "B": 0.9, "C": 0.9}, plan_made),
    "shortfall_cost": (
        "shortfall_cost",
        dict.fromkeys("ABC", dict.fromkeys(("visit", "call", "message"), 0)),
        plan_made,
    ),
    "counting.kinds": ("counting.kinds.visit", ["visit", "meeting", "training"], duties_due),
    "counting.min_minutes": ("counting.min_minutes.visit", 11, duties_due),
    "counting.min_authenticity": ("counting.min_authenticity", 0.9, duties_due),
    "counting.part_share": ("counting.part_share", 0.1, duties_due),
    "festivals[].festival": ("festivals.0.festival", "lantern", duties_due),
    "festivals[].asks": ("festivals.0.asks", {"A": ["call"], "B": ["call"], "C": ["call"]}, duties_due),
    "festivals[].gift": ("festivals.0.gift", ["A", "B", "C"], duties_due),
    "festivals[].days_before": ("festivals.0.days_before", 3, duties_due),
    "festivals[].days_after": ("festivals.0.days_after", 5, duties_due),
    "personal_days.birthday.asks": ("personal_days.birthday.asks", ALL_TIERS_VISIT, duties_due),
    "personal_days.birthday.days_before": ("personal_days.birthday.days_before", 4, duties_due),
    "personal_days.birthday.days_after": ("personal_days.birthday.days_after", 4, duties_due),
    "personal_days.milestone.asks": ("personal_days.milestone.asks.A", ["call"], duties_due),
    "personal_days.milestone.days_after": ("personal_days.milestone.days_after", 30, duties_due),
    "personal_days.misfortune.asks": (
        "personal_days.misfortune.asks",
        {"A": ["call"], "B": ["call"], "C": ["call"]},
        duties_due,
    ),
    "personal_days.misfortune.days_after": ("personal_days.misfortune.days_after", 30, duties_due),
    "reciprocity.asks_per_rep_month": ("reciprocity.asks_per_rep_month", 2, duties_due),
    "reciprocity.problems_per_account_month": ("reciprocity.problems_per_account_month.B", 5, duties_due),
    "reciprocity.trainings_per_rep_month": ("reciprocity.trainings_per_rep_month", 3, duties_due),
    "reciprocity.training_tiers": ("reciprocity.training_tiers", ["A", "B", "C"], duties_due),
    "answers.complaint_days": ("answers.complaint_days", 30, duties_due),
    "answers.complaint_visit_workdays": ("answers.complaint_visit_workdays", 0, duties_due),
    "answers.complaint_expires_days": ("answers.complaint_expires_days", 1, duties_due),
    "answers.inbound_expires_days": ("answers.inbound_expires_days", 1, duties_long_due),
    "answers.promise_expires_days": ("answers.promise_expires_days", 1, duties_due),
    "answers.handover_visit_days": (
        "answers.handover_visit_days",
        {"A": 3, "B": 3, "C": 3},
        duties_due,
    ),
    "answers.handover_expires_days": ("answers.handover_expires_days", 1, duties_long_due),
    "answers.inbound_days": ("answers.inbound_days", 20, duties_due),
    "answers.promise_days": ("answers.promise_days", 5, duties_due),
    "tolerance.too_cold": ("tolerance.too_cold", 0.1, compliance_shown),
    "tolerance.too_hot": ("tolerance.too_hot", 1.05, compliance_shown),
    "limits.gift_cap": ("limits.gift_cap", 0, gift_duties),
    "limits.gifts_at_festivals_only": ("limits.gifts_at_festivals_only", False, gift_actions),
    "limits.quiet_hours.start": ("limits.quiet_hours.start", "18:00:00", briefs_written),
    "limits.quiet_hours.end": ("limits.quiet_hours.end", "10:00:00", briefs_written),
    "limits.week": ("limits.week.visit", 2, actions_allowed),
    "limits.month": ("limits.month.visit", 9, actions_allowed),
    "limits.suppression_after_rejections": ("limits.suppression_after_rejections", 3, actions_allowed),
    "limits.suppression_days": ("limits.suppression_days", 10, suppressed),
    "seasons[].name": ("seasons.0.name", "winter", briefs_written),
    "seasons[].start": ("seasons.0.start", "02-25", briefs_written),
    "seasons[].end": ("seasons.0.end", "02-01", briefs_written),
    "visit.bring_home[].name": ("visit.bring_home.0.name", "other", differences_shown),
    "visit.bring_home[].title": ("visit.bring_home.0.title", TITLE, briefs_written),
    "visit.steps[].name": ("visit.steps.0.name", "other", differences_shown),
    "visit.steps[].title": ("visit.steps.0.title", TITLE, briefs_written),
    "emotional[].kind": ("emotional.0.kind", "life_event", grades_given),
    "emotional[].weight": ("emotional.0.weight", 3.0, grades_given),
    "emotional[].half_life_days": ("emotional.0.half_life_days", 10, grades_given),
    "emotional[].topic": ("emotional.11.topic", "display_of_others", grades_given),
    "emotional_omissions[].kind": ("emotional_omissions.0.kind", "payment_due", grades_given),
    "emotional_omissions[].answered_by": ("emotional_omissions.2.answered_by", ["help_given"], grades_given),
    "emotional_omissions[].weight": ("emotional_omissions.0.weight", -1.0, grades_given),
    "emotional_omissions[].half_life_days": ("emotional_omissions.0.half_life_days", 20, grades_given),
    "emotional_omissions[].days": ("emotional_omissions.1.days", 40, grades_given),
    "depth.window_days": ("depth.window_days", 20, grades_given),
    "relationship_grade.weights": ("relationship_grade.weights.familiarity", 0.9, grades_given),
    "relationship_grade.grades": ("relationship_grade.grades", {"A": 0.2, "B": 0.1, "C": 0.05}, grades_given),
    "abc": ("abc", [0.2, 0.2, 0.6], grades_given),
    "overall.weights": ("overall.weights.results", 0.1, grades_given),
    "overall.points": ("overall.points.A", 0.9, grades_given),
    "overall.classes": ("overall.classes", {"A": 0.3, "B": 0.2, "C": 0.1}, grades_given),
    "card[].name": ("card.0.name", "shop_sign", card_filled),
    "card[].source": ("card.0.source", "accounts.region", card_filled),
    "card[].weight": ("card.0.weight", 9, card_filled),
    "card[].title": ("card.0.title", TITLE, briefs_written),
    "no_follow_up_days": ("no_follow_up_days", 9, features_computed),
    "actions[].name": ("actions.3.name", "call_in", plan_made),
    "actions[].minutes": ("actions.3.minutes", 5, plan_made),
    "actions[].stops": ("actions.3.stops", 2, plan_made),
    "actions[].money": ("actions.3.money", 40, plan_made),
    "actions[].gift": ("actions.3.gift", 500, actions_allowed),
    "actions[].contacts": ("actions.3.contacts", {"visit": 3}, actions_allowed),
    "actions[].tiers": ("actions.3.tiers", ["A"], actions_allowed),
    "actions[].needs": ("actions.3.needs", ["consent"], actions_allowed),
    "rep.minutes_per_week": ("rep.minutes_per_week", 200, hours_given),
    "rep.stops_per_week": ("rep.stops_per_week", 3, hours_given),
    "rep.budget_per_week": ("rep.budget_per_week", 50, hours_given),
    "visit.minutes_by_role": ("visit.minutes_by_role.manager", 15, week_scheduled),
    "workday.start": ("workday.start", "10:00:00", week_scheduled),
    "workday.km_per_hour": ("workday.km_per_hour", 5, week_scheduled),
    "workday.minutes": ("workday.minutes", 120, week_scheduled),
    "minute_cost": ("minute_cost", 900, plan_made),
    "margin_rate": ("margin_rate", {"pharmacy": 0.5, "supermarket": 0.5, "dealer": 0.5}, margins),
    "help_offers[].name": ("help_offers.0.name", "other", differences_shown),
    "help_offers[].title": ("help_offers.0.title", TITLE, briefs_written),
    "help_offers[].codes": ("help_offers.0.codes", ["season"], briefs_written),
    "help_offers[].stages": ("help_offers.0.stages.0", TITLE, briefs_written),
    "help_offers[].minutes": ("help_offers.8.minutes", 400, plan_made),
    "help_offers[].money": ("help_offers.8.money", 900, plan_made),
    "help_offers[].segments": ("help_offers.8.segments", ["nobody"], plan_made),
    "help_offers[].seasons": ("help_offers.8.seasons", ["slack"], plan_made),
    "priors": ("priors", {"call": 1}, plan_made),
    "exploration": ("exploration", {"A": 0.5, "B": 0.5, "C": 0.5}, plan_made),
    "holdout.share": ("holdout.share", 0.5, held_out_accounts),
    "holdout.salt": ("holdout.salt", "other", held_out_accounts),
    "holdout.term_weeks": ("holdout.term_weeks", 8, held_out_accounts),
}
"""Key → where it is changed, to what, what changes with it."""

DEPTH = {
    "basic": {"contacts_met": 2, "meetings": 5, "problems_solved": 1, "asks_granted": 0.2, "card_filled": 0.39},
    "middle": {"contacts_met": 3, "meetings": 8, "problems_solved": 3, "asks_granted": 0.6, "card_filled": 0.9},
    "high": {"contacts_met": 5, "meetings": 15, "problems_solved": 7, "asks_granted": 1.0, "card_filled": 1.0},
}
FULL = {
    "contacts_met": 9,
    "card_filled": 1.0,
    "meetings_per_month": 40,
    "emotional_balance": 900,
    "asks_granted": 3,
    "order_growth": 0.9,
}
NONE = {"complaints_per_quarter": 9, "complaint_open_days": 90, "overdue_days": 400, "overdue_share": 3}
GRADED: dict[str, object] = {
    **{f"depth.{level}.{name}": value for level, takes in DEPTH.items() for name, value in takes.items()},
    **{f"relationship_grade.full.{name}": value for name, value in FULL.items()},
    **{f"relationship_grade.none.{name}": value for name, value in NONE.items()},
}
THRESHOLDS = {f"facts.{code}.{name}": (code, name) for code, named in FACTS.items() for name in named}

REFUSED = {
    f"personal_days.{day}.days_before": f"[personal_days.{day}]\ndays_before = 2\n"
    for day in ("milestone", "misfortune")
}
"""Key → a file that changes it."""


def test_every_key_is_in_one_of_the_tables():
    tables = [set(KEYS), set(GRADED), set(THRESHOLDS), set(REFUSED)]
    assert sum(map(len, tables)) == len(set().union(*tables))
    assert set(keys_of(Playbook)) == set().union(*tables)


@cache
def plainly(output: Callable[[Playbook], object]) -> object:
    return output(PLAIN)


@pytest.mark.parametrize("key", KEYS)
def test_a_changed_key_changes_an_output(key):
    path, value, output = KEYS[key]
    assert output(changed(path, value)) != plainly(output)


@pytest.mark.parametrize("key", GRADED)
def test_a_changed_threshold_of_grades_changes_them(key):
    assert grades_given(changed(key, GRADED[key])) != plainly(grades_given)


@pytest.mark.parametrize(("code", "name"), THRESHOLDS.values(), ids=THRESHOLDS)
def test_a_changed_fact_changes_what_a_reason_says(code, name):
    speaker = SPOKEN_BY.get((code, name), Code(code))
    usual = PLAIN.facts[code][name]
    plain = sentences_said(PLAIN, speaker)
    lower, higher = (changed(f"facts.{code}.{name}", usual + by) for by in (-0.45 * abs(usual) - 0.4, abs(usual) + 0.4))
    assert sentences_said(lower, speaker) != plain or sentences_said(higher, speaker) != plain


@pytest.mark.parametrize("key", REFUSED)
def test_a_key_that_can_have_one_value_only_is_refused_with_another(key):
    with pytest.raises(BadUse, match="is not valid") as refused:
        parse_playbook(f'extends = "pharmacy"\n{REFUSED[key]}', "p.toml")
    assert any(key in str(fault) for fault in refused.value.faults)
