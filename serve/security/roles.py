"""The roles of users."""

from enum import StrEnum


class Role(StrEnum):
    """The role of a user; reps and managers see a territory, others all accounts."""

    REP = "rep"
    MANAGER = "manager"
    DATA_SCIENTIST = "data_scientist"
    ADMIN = "admin"
