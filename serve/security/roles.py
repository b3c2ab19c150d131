"""The roles of users."""

from enum import StrEnum


class Role(StrEnum):
    """What a user is; reps and managers see a territory, the others the whole company."""

    REP = "rep"
    MANAGER = "manager"
    DATA_SCIENTIST = "data_scientist"
    ADMIN = "admin"
