"""The bands of a churn probability, highest first."""

from typing import Literal, get_args

Band = Literal["stopped", "high", "raised", "low"]
BANDS: tuple[Band, ...] = get_args(Band)
