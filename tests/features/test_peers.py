"""Peers: an account beside its like, by the narrowest cell that is large enough."""

import json
import math

import numpy as np
import pytest
from feature_oracle import Happened, World
from random_logs import context_of, log_of

from features.definitions import Aggregation, Atom, Code, Direction, Feature, FeatureGroup, Peer, Stream
from features.engine import build_features, build_reference
from features.peers import EVERYBODY, FEWEST, PeerCells, PeerReference, Peers
from features.plan import compile_plan
from features.rows import Rows
from kqml.calendar.business_time import DAY_US
from kqml.events import EventKind

ORDER = Stream("order", frozenset({EventKind.ORDER}))
COUNT = Atom(ORDER, Aggregation.COUNT, days=30)
PLAN = compile_plan([Feature(Peer(COUNT), FeatureGroup.PEER, Code.ORDER_LEVEL, Direction.EITHER, "peers")])


def company(numbers, cutoffs=(0,)):
    """Account a ordered `numbers[a]` times in the last month, all of them once two years ago; None: not at all."""
    days = [[] if number is None else [-700, *(-1 - place for place in range(number))] for number in numbers]
    events = [[Happened(day * DAY_US, day * DAY_US, EventKind.ORDER) for day in sorted(some)] for some in days]
    context = context_of([World({EventKind.ORDER: -1000 * DAY_US})] * len(numbers))
    return log_of(events), Rows.grid(len(numbers), np.array(cutoffs)), context


def built(numbers, cells):
    log, rows, context = company(numbers)
    return build_features(log, rows, PLAN, context, peers=Peers(cells))[:, 0].tolist()


def cells(narrow, rows):
    """Cells "A|north" and "A|south" of so many rows within "A", the rest in "B"."""
    regions = ["north"] * narrow[0] + ["south"] * narrow[1]
    others = rows - len(regions)
    return PeerCells.of(["A"] * len(regions) + ["B"] * others, [*regions, *["east"] * others])


def test_the_mean_is_that_of_the_narrow_cell_where_it_has_twenty():
    numbers = [2] * 20 + [4] * 20 + [10] * 20
    assert built(numbers, cells((20, 20), 60)) == [0.0] * 60
    numbers[0] = 22
    assert built(numbers, cells((20, 20), 60))[:2] == [22 - 3.0, 2 - 3.0]


def test_a_small_cell_falls_back_to_the_wider_one_then_to_everybody():
    numbers = [2] * 19 + [4] * 1 + [6] * 20
    assert built(numbers, cells((19, 1), 40))[0] == 2 - (19 * 2 + 4) / 20
    assert built(numbers, cells((10, 9), 40))[0] == 2 - (19 * 2 + 4 + 20 * 6) / 40


def test_fewer_than_twenty_alike_are_no_comparison():
    assert all(math.isnan(one) for one in built([1] * 19, PeerCells.none(19)))
    assert built([1] * FEWEST, PeerCells.none(FEWEST)) == [0.0] * FEWEST


def test_accounts_without_the_number_do_not_count():
    found = built([1] * 19 + [None], PeerCells.none(20))
    assert all(math.isnan(one) for one in found)


def test_accounts_of_an_unknown_cell_are_compared_with_everybody():
    unknown = PeerCells.of([None] * 20, [None] * 20)
    assert built([1] * 10 + [3] * 10, unknown) == [-1.0] * 10 + [1.0] * 10


def test_the_service_compares_one_account_with_the_latest_reference():
    log, rows, context = company([2] * 20 + [4] * 20, cutoffs=(0, 7 * DAY_US))
    many = PeerCells.of(["A"] * 80, ["north"] * 40 + ["south"] * 40)
    reference = build_reference(log, rows, PLAN, context, many)
    latest = PeerReference.from_json(json.loads(json.dumps(reference.at(8 * DAY_US).to_json())))
    assert latest.cutoffs.tolist() == [7 * DAY_US]
    one = Rows.grid(1, np.array([8 * DAY_US]))
    here = PeerCells.of(["A"], ["south"])
    alone, world = log.between(39, 40), context.between(39, 40)
    found = build_features(alone, one, PLAN, world, peers=Peers(here, latest))
    assert found[0, 0] == 4 - 4
    elsewhere = Peers(PeerCells.of(["Z"], ["moon"]), latest)
    assert build_features(alone, one, PLAN, world, peers=elsewhere)[0, 0] == 4 - 3
    before = Peers(here, reference.at(-1))
    assert math.isnan(build_features(alone, one, PLAN, world, peers=before)[0, 0])


@pytest.mark.parametrize("missing", [[None], [0.1, None], [1 / 3]])
def test_a_reference_survives_json_to_the_bit(missing):
    means = np.array([np.nan if one is None else one for one in missing]).reshape(1, 1, -1)
    columns = tuple(f"column{place}" for place in range(len(missing)))
    reference = PeerReference(columns, np.array([5]), (EVERYBODY,), means)
    again = PeerReference.from_json(json.loads(json.dumps(reference.to_json())))
    np.testing.assert_array_equal(again.means, means)
    assert (again.columns, again.cells, again.cutoffs.tolist()) == (columns, (EVERYBODY,), [5])
