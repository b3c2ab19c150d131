"""Which help offer an account gets, what a visit with it takes."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from features.definitions import Code
from kqml.duties.duty_events import duty_events
from kqml.playbook import read_playbook
from models.churn.reasons.reasons import Reason
from models.policy.planning.offers import action_costs, choose_offers, offers_for, stages_given

PLAYBOOK = read_playbook()
HELP, VISIT = PLAYBOOK.action_names.index("help_offer"), PLAYBOOK.action_names.index("visit")


def help_given(account, known_at, attributes, kind="help_given"):
    return {"account_id": account, "occurred_at": 5, "known_at": known_at, "kind": kind, "attributes": attributes}


def company(rows=(), **facts):
    table = pa.Table.from_pylist([help_given("", 0, None, "call"), *rows])
    events = duty_events(table, pa.array(["", "x", "y"]), (), "UTC")
    book = SimpleNamespace(events=events, log=events.log)
    plain = {"playbook": PLAYBOOK, "cutoff": 100, "segment": [None, None], "seasons": ()}
    return SimpleNamespace(book=book, account_ids=np.array(["x", "y"], dtype=object), **{**plain, **facts})


def test_an_action_with_help_takes_a_visit_and_the_offers_own_minutes_and_money():
    cost = action_costs(PLAYBOOK, np.array([None, "market_briefing", "joint_selling"], dtype=object))
    assert cost[:, HELP].tolist() == [[85, 1, 90], [55 + 20, 1, 15 + 0], [55 + 90, 1, 15 + 150]]
    assert (cost[:, VISIT] == [55, 1, 15]).all()


def test_a_playbook_without_a_visit_takes_what_its_package_says():
    bare = replace(PLAYBOOK, actions=tuple(one for one in PLAYBOOK.actions if one.name != "visit"))
    cost = action_costs(bare, np.array(["joint_selling"], dtype=object))
    assert cost[0, bare.action_names.index("help_offer")].tolist() == [85, 1, 90]


def test_an_account_gets_the_first_offer_that_answers_a_raising_reason():
    complaint = Reason(Code.COMPLAINT, "rising", 0.4, "")
    calmed = Reason(Code.COMPLAINT, "falling", -0.4, "")
    assert choose_offers(company(), [(complaint,), (calmed,)]).tolist() == ["dated_complaint_resolution", None]


def test_an_offer_with_all_its_stages_given_makes_room_for_the_next():
    given = [help_given("x", 5, '{"offer": "dated_complaint_resolution"}')] * 3
    late = [help_given("y", 100, '{"offer": "dated_complaint_resolution"}')] * 3
    reasons = [(Reason(Code.BROKEN_PROMISE, "rising", 0.4, ""),)] * 2
    found = choose_offers(company([*given, *late]), reasons)
    assert found.tolist() == ["head_office_line", "dated_complaint_resolution"]
    assert stages_given(company([*given, *late])) == {"x": {"dated_complaint_resolution": 3}}


@pytest.mark.parametrize(("seasons", "names"), [((), []), (("peak",), ["priority_delivery"])])
def test_an_offer_of_a_season_waits_for_it(seasons, names):
    assert [offer.name for offer in offers_for(PLAYBOOK, ["no_follow_up"], None, seasons)] == names


def test_an_offer_of_a_segment_is_for_it_alone():
    offers = tuple(replace(one, segments=("dealer",)) for one in PLAYBOOK.help_offers)
    dealers = replace(PLAYBOOK, help_offers=offers)
    assert offers_for(dealers, ["complaint"], "pharmacy", ()) == []
    assert [one.name for one in offers_for(dealers, ["complaint"], "dealer", ())] == ["dated_complaint_resolution"]
