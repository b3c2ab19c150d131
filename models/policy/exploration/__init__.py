"""Exploration: which accounts explore, the probability of each assigned action, the holdout."""
