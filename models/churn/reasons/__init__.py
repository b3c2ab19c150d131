"""Reasons: explanations of a score in words with the account's own numbers."""
