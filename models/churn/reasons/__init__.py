"""Reasons: what a score is explained by, in words with the account's own numbers."""
