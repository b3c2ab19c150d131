"""The words that a playbook may use: tiers, channels, festivals, reason codes, personal days."""

from collections.abc import Mapping

from kqml.reason_codes import Code

TIERS = ("A", "B", "C")
GRADES = ("A", "B", "C", "D")
CHANNELS = ("visit", "call", "message")
LANGUAGES = ("zh", "en")

CONDITIONS = ("open", "rep", "consent")
"""What a package may need: the shop open in that week, a rep in charge, consent to be contacted."""

PERSONAL_DAYS = ("birthday", "milestone", "misfortune")
"""Birthdays stand in the table of contacts; the other two are the topics of `life_event`. Duties of these names say
something about a person by their very day."""

TOPICS = ("order", "display", "price", "payment", "market_news", "other")
"""What we may ask for: `attributes.topic` of `help_asked`."""

DIMENSIONS = ("familiarity", "closeness", "sales_support", "complaints", "receivables")
"""The five of the relationship grade (domain §7)."""

CLASS_PARTS = ("results", "relationship", "credit")
"""What the overall class is made of."""

SYMPTOMS = tuple(code.value for code in Code if not code.is_cause)
CAUSES = tuple(code.value for code in Code if code.is_cause)
"""Domain §8."""

FACTS: Mapping[str, tuple[str, ...]] = {
    "longer_silent": ("at_risk_cycles", "churned_cycles", "customer_years", "silent_days"),
    "orders_falling": ("notably",),
    "orders_smaller": ("notably",),
    "range_narrower": ("notably",),
    "less_regular": ("spread_share",),
    "neglect": ("notably", "long_without_contact_days", "share_of_target"),
    "rep_change": ("new_rep_days", "handover_days"),
    "competitor": ("seen",),
    "complaint": ("open_days",),
    "broken_promise": ("overdue_days",),
    "no_response": ("inbound_days",),
    "pressure": ("spike", "balance"),
    "service_failure": ("fill_rate", "on_time_rate", "invoice_error_rate"),
    "price_policy": ("changes",),
    "slow_moving": ("reported",),
    "small_neglect": ("contacts",),
    "market_shock": ("fall",),
    "account_cash": ("overdue_days",),
    "conduct": ("sentiment",),
    "shallow": ("people", "card_filled"),
    "natural": ("suspensions",),
    "no_follow_up": ("days",),
}
"""Reason code → the thresholds of its facts."""
