"""The codes of the reasons of a score."""

from enum import StrEnum


class Code(StrEnum):
    """What a feature's contribution means in words. Symptoms are what we see; causes (domain §8) go with it."""

    LONGER_SILENT = "longer_silent"
    ORDERS_FALLING = "orders_falling"
    ORDERS_SMALLER = "orders_smaller"
    RANGE_NARROWER = "range_narrower"
    LESS_REGULAR = "less_regular"
    RELATION_AGE = "relation_age"
    RELATION_COOLER = "relation_cooler"
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
        Code.RELATION_COOLER,
        Code.ORDER_LEVEL,
        Code.SEASON,
        Code.PROFILE,
    }
)
